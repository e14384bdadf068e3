"""Every small change of a source file: another operator, a constant, a condition, a line less."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

BINARY = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
MESSAGES = {"warn", "print", "write", "cast", "TypeVar"}  # calls whose strings are left alone


@dataclass(frozen=True)
class Mutant:
    """One change: `before` at bytes [start, end) of a file becomes `after`."""

    path: str  # "minigrad/ops/shapes.py"
    scope: str  # "Dense.call", "" for the module
    kind: str
    before: str
    after: str
    start: int
    end: int
    line: int
    span: tuple[int, int]  # lines of the innermost function, or of the file
    repeat: int = 1  # 2 for the second change that reads the same in its scope

    @property
    def package(self) -> str:
        """The package, or the module, that it stands in."""
        return "/".join(self.path.removesuffix(".py").split("/")[:2])

    @property
    def key(self) -> str:
        """Names the change as long as the code around it stays."""
        before, after = (" ".join(text.split()) for text in (self.before, self.after))
        number = f" #{self.repeat}" if self.repeat > 1 else ""
        return f"{self.path} {self.scope or '-'}: {before} -> {after}{number}"

    def apply(self, source: bytes) -> bytes:
        """The file with this change."""
        return source[: self.start] + self.after.encode() + source[self.end :]


def mutants_of(path: str, source: bytes) -> list[Mutant]:
    """All mutants of a file, from its top to its bottom."""
    visitor = Visitor(path, source)
    visitor.visit(ast.parse(source))
    counts: Counter[str] = Counter()
    numbered = []
    for mutant in visitor.found:
        counts[mutant.key] += 1
        numbered.append(replace(mutant, repeat=counts[mutant.key]))
    return numbered


class Visitor(ast.NodeVisitor):
    """Collects the mutants of a file; annotations, docstrings and messages are left alone."""

    def __init__(self, path: str, source: bytes) -> None:
        self.path = path
        self.source = source
        self.found: list[Mutant] = []
        self.scope: list[str] = []
        lines = source.splitlines(keepends=True)
        self.offsets = [0]
        for line in lines:
            self.offsets.append(self.offsets[-1] + len(line))
        self.span = 1, len(lines)

    def add(self, node: ast.AST, kind: str, after: str) -> None:
        """Note a change of `node`."""
        start = self.offsets[node.lineno - 1] + node.col_offset
        end = self.offsets[node.end_lineno - 1] + node.end_col_offset
        before = self.source[start:end].decode()
        scope = ".".join(self.scope)
        made = Mutant(self.path, scope, kind, before, after, start, end, node.lineno, self.span)
        self.found.append(made)

    # ---- where it goes ---------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Decorators and defaults belong to the outer scope; annotations are not visited."""
        arguments = node.args
        for part in (*node.decorator_list, *arguments.defaults, *arguments.kw_defaults):
            if part is not None:
                self.visit(part)
        outer, self.span = self.span, (node.lineno, node.end_lineno)
        self.scope.append(node.name)
        self.visit_body(node.body)
        self.scope.pop()
        self.span = outer

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A class is a scope."""
        self.scope.append(node.name)
        self.visit_body(node.body)
        self.scope.pop()

    def visit_Module(self, node: ast.Module) -> None:
        """The whole file."""
        self.visit_body(node.body)

    def visit_body(self, body: list[ast.stmt]) -> None:
        """Every statement but the docstring."""
        for statement in body:
            if not is_text(statement):
                self.visit(statement)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Only the value."""
        if node.value is not None:
            self.visit(node.value)

    def visit_Import(self, node: ast.Import) -> None:
        """Nothing to change."""

    visit_ImportFrom = visit_Import

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """A text for people."""

    def visit_Raise(self, node: ast.Raise) -> None:
        """The error is not raised; its text is left alone."""
        self.add(node, "no error", "pass")

    def visit_Assign(self, node: ast.Assign) -> None:
        """Type aliases and `__all__` are left alone."""
        value = node.value
        is_union = isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr)
        is_alias = not self.scope and (is_union or isinstance(value, ast.Subscript))
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if not is_alias and "__all__" not in names:
            self.visit(value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """+= becomes -=."""
        swapped = BINARY.get(type(node.op))
        if swapped is not None:
            changed = ast.AugAssign(node.target, swapped(), node.value)
            self.add(node, "operator", ast.unparse(changed))
        self.visit(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        """A call whose result nobody takes is left out."""
        if isinstance(node.value, ast.Call) and called_name(node.value) not in MESSAGES:
            self.add(node, "no call", "pass")
        self.visit(node.value)

    def visit_Return(self, node: ast.Return) -> None:
        """None is returned."""
        if node.value is None:
            return
        if not isinstance(node.value, ast.Constant):
            self.add(node.value, "return", "None")
        self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        """The condition is turned round."""
        if called_name(node.test) == "TYPE_CHECKING":
            return
        self.negate(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        """Its condition's parts alone: the loop would never end."""
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """The condition is turned round."""
        self.negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        """The filter is turned round."""
        for test in node.ifs:
            self.negate(test)
        self.generic_visit(node)

    def negate(self, test: ast.expr) -> None:
        """A condition becomes its opposite; comparisons and `not` have that change already."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return
        only = test.ops[0] if isinstance(test, ast.Compare) and len(test.ops) == 1 else None
        if isinstance(only, (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)):
            return
        self.add(test, "condition", f"(not ({ast.unparse(test)}))")

    # ---- what it changes -------------------------------------------------------------------------

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Another operator of its kind."""
        swapped = BINARY.get(type(node.op))
        is_text_format = isinstance(node.left, (ast.JoinedStr, ast.Constant)) and isinstance(
            getattr(node.left, "value", ""), str
        )
        if swapped is not None and not is_text_format:
            changed = ast.BinOp(node.left, swapped(), node.right)
            self.add(node, "operator", f"({ast.unparse(changed)})")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """`and` becomes `or`."""
        swapped = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self.add(node, "operator", f"({ast.unparse(ast.BoolOp(swapped, node.values))})")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """`not x` and `-x` become x."""
        if isinstance(node.op, (ast.Not, ast.USub, ast.Invert)):
            self.add(node, "operator", f"({ast.unparse(node.operand)})")
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """The opposite comparison, or the same with equality."""
        for i, op in enumerate(node.ops):
            operators = list(node.ops)
            operators[i] = COMPARISONS[type(op)]()
            changed = ast.Compare(node.left, operators, node.comparators)
            self.add(node, "operator", f"({ast.unparse(changed)})")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """True becomes False, a number one more, a word another word."""
        value = node.value
        if isinstance(value, bool):
            self.add(node, "constant", str(not value))
        elif isinstance(value, (int, float)):
            self.add(node, "constant", repr(value + 1))
        elif isinstance(value, str) and value.isidentifier():
            self.add(node, "constant", repr(f"other_{value}"))

    def visit_Call(self, node: ast.Call) -> None:
        """An option is not passed on."""
        name = called_name(node)
        for keyword in node.keywords if name != "dict" else ():
            if keyword.arg is not None and name not in MESSAGES:
                rest = [other for other in node.keywords if other is not keyword]
                changed = ast.Call(node.func, node.args, rest)
                self.add(node, "option left out", ast.unparse(changed))
        if name not in MESSAGES:
            self.generic_visit(node)

    def visit_Break(self, node: ast.Break) -> None:
        """`break` becomes `continue`."""
        self.add(node, "statement", "continue")

    def visit_Continue(self, node: ast.Continue) -> None:
        """`continue` becomes `break`."""
        self.add(node, "statement", "break")


def is_text(statement: ast.stmt) -> bool:
    """True for a docstring."""
    value = getattr(statement, "value", None)
    return isinstance(statement, ast.Expr) and isinstance(value, ast.Constant)


def called_name(node: ast.AST) -> str:
    """The last name of what is called, or of a name."""
    node = node.func if isinstance(node, ast.Call) else node
    return getattr(node, "attr", getattr(node, "id", ""))


def iter_mutants(sources: dict[str, bytes]) -> Iterator[Mutant]:
    """The mutants of all files that are still valid Python."""
    for path, source in sources.items():
        for mutant in mutants_of(path, source):
            try:
                compile(mutant.apply(source), path, "exec")
            except SyntaxError:
                continue
            yield mutant
