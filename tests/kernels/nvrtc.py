"""NVIDIA's runtime compiler by ctypes: CUDA source into a binary for a GPU, without a GPU.

It is in the package nvidia-cuda-nvrtc-cu12, extra `nvrtc`.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
from collections.abc import Sequence
from functools import cache

PACKAGE = "nvidia-cuda-nvrtc-cu12"


@cache
def library() -> ctypes.CDLL:
    """The compiler's library, in the files of its package."""
    files = importlib.metadata.files(PACKAGE) or []
    (path,) = (
        file for file in files if file.match("libnvrtc.so.*") or file.match("nvrtc64_*_0.dll")
    )
    return ctypes.CDLL(str(path.locate()))


def compile_cuda(source: str, architecture: str, options: Sequence[str]) -> str:
    """What the compiler says of a source; ValueError if it does not compile.

    Args:
        source: CUDA C++.
        architecture: The GPU, "sm_90".
        options: The compiler's options.
    """
    program = ctypes.c_void_p()
    _call(
        "nvrtcCreateProgram", ctypes.byref(program), source.encode(), b"kernels.cu", 0, None, None
    )
    words = [option.encode() for option in (f"--gpu-architecture={architecture}", *options)]
    given = (ctypes.c_char_p * len(words))(*words)
    status = library().nvrtcCompileProgram(program, len(words), given)
    size = ctypes.c_size_t()
    _call("nvrtcGetProgramLogSize", program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    _call("nvrtcGetProgramLog", program, log)
    if status:
        raise ValueError(log.value.decode())
    _call("nvrtcGetCUBINSize", program, ctypes.byref(size))
    assert size.value > 1000, "the binary is empty"
    _call("nvrtcDestroyProgram", ctypes.byref(program))
    return log.value.decode().strip()


def _call(function: str, *args: object) -> None:
    status = getattr(library(), function)(*args)
    assert status == 0, f"{function}: {status}"
