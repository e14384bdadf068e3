"""Texts as numbers: characters, words, byte-pair encoding, WordPiece."""

from .bpe import BytePairEncoding
from .vocabulary import CharVocabulary, Vocabulary, WordVocabulary
from .wordpiece import WordPiece

__all__ = ["BytePairEncoding", "CharVocabulary", "Vocabulary", "WordPiece", "WordVocabulary"]
