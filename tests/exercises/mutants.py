"""Answers that are almost right: the reference with one small thing changed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

__all__ = ("mutants", "normal_form")

# Words that change what a graph does; a check looks at what it does, not at how it is worded.
OTHER_WORD = {
    "messages": "updates",
    "updates": "values",
    "values": "updates",
    "custom": "updates",
    "sync": "exit",
    "async": "exit",
    "exit": "async",
    "stop": "length",
    "model": "tools",
    "tools": "model",
    "user": "assistant",
    "human": "ai",
    "ai": "human",
}
OTHER_OPERATOR: dict[type, type] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Yield a name and a source for each place where `source` can be changed a little."""
    tree = ast.parse(source)
    seen = {normal_form(source)}
    for number, node in enumerate(ast.walk(tree)):
        for operator in OPERATORS:
            for variant in range(3):
                # Tried on a copy of the node alone: few operators fit, and a tree is large.
                if operator(_copy(node), variant) is None:
                    break
                mutant = ast.parse(source)
                what = operator(list(ast.walk(mutant))[number], variant)
                text = ast.unparse(ast.fix_missing_locations(mutant))
                if not _compiles(text) or (form := normal_form(text)) in seen:
                    continue
                seen.add(form)
                yield f"line {getattr(node, 'lineno', 0)}: {what}", text


def _copy(node: ast.AST) -> ast.AST:
    """Return a node with lists of its own; an operator changes nothing that lies deeper."""
    fields = ast.iter_fields(node)
    return type(node)(**{name: v[:] if isinstance(v, list) else v for name, v in fields})


def normal_form(source: str) -> str:
    """Return the source without comments, layout and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and (
            ast.get_docstring(node) is not None
        ):
            node.body = body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        return False
    return True


def _operator(node: ast.AST, variant: int) -> str | None:
    """`<` for `<=`, `in` for `not in`, `+` for `-`, `and` for `or`."""
    if variant:
        return None
    if isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER_OPERATOR:
        node.ops[0] = OTHER_OPERATOR[type(node.ops[0])]()
    elif isinstance(node, (ast.BinOp, ast.BoolOp, ast.AugAssign)) and (
        type(node.op) in OTHER_OPERATOR
    ):
        node.op = OTHER_OPERATOR[type(node.op)]()
    else:
        return None
    return "another operator"


def _constant(node: ast.AST, variant: int) -> str | None:
    """A number one more or one less, the other truth, another word."""
    if not isinstance(node, ast.Constant):
        return None
    old = node.value
    if isinstance(old, bool) and not variant:
        node.value = not old
    elif isinstance(old, (int, float)) and not isinstance(old, bool) and variant < 2:
        node.value = old + (1, -1)[variant]
    elif isinstance(old, str) and old in OTHER_WORD and not variant:
        node.value = OTHER_WORD[old]
    else:
        return None
    return f"{node.value!r} for {old!r}"


def _delete(node: ast.AST, variant: int) -> str | None:
    """A statement left out."""
    body = getattr(node, "body", None)
    if not isinstance(body, list) or isinstance(node, (ast.Module, ast.ClassDef)):
        return None
    return _delete_from(body, variant)


def _delete_else(node: ast.AST, variant: int) -> str | None:
    body = getattr(node, "orelse", None) or getattr(node, "finalbody", None)
    return _delete_from(body, variant) if isinstance(body, list) else None


def _delete_from(body: list[ast.stmt], variant: int) -> str | None:
    kept = [s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if variant >= len(kept):
        return None
    statement = kept[variant]
    body[body.index(statement)] = ast.Pass()
    return f"without `{ast.unparse(statement).splitlines()[0]}`"


def _swap(node: ast.AST, variant: int) -> str | None:
    """Two arguments the wrong way round."""
    if not isinstance(node, ast.Call) or len(node.args) < 2 or variant:
        return None
    node.args[0], node.args[1] = node.args[1], node.args[0]
    return "arguments swapped"


def _drop_keyword(node: ast.AST, variant: int) -> str | None:
    """A keyword argument forgotten."""
    if not isinstance(node, ast.Call) or variant >= len(node.keywords):
        return None
    return f"without {node.keywords.pop(variant).arg}="


def _return_nothing(node: ast.AST, variant: int) -> str | None:
    """`return` without a value."""
    if not isinstance(node, ast.Return) or node.value is None or variant:
        return None
    node.value = ast.Constant(None)
    return "returns None"


def _negate(node: ast.AST, variant: int) -> str | None:
    """The condition turned round."""
    if not isinstance(node, (ast.If, ast.While, ast.IfExp)) or variant:
        return None
    node.test = ast.UnaryOp(ast.Not(), node.test)
    return "condition negated"


def _drop_condition(node: ast.AST, variant: int) -> str | None:
    """The condition of a comprehension forgotten."""
    if not isinstance(node, ast.comprehension) or variant >= len(node.ifs):
        return None
    node.ifs.pop(variant)
    return "without its `if`"


def _one_side(node: ast.AST, variant: int) -> str | None:
    """Only one side of `and` or `or`."""
    if not isinstance(node, ast.BoolOp) or variant >= len(node.values) or len(node.values) < 2:
        return None
    side = node.values.pop(variant)
    return f"without `{ast.unparse(side)}`"


def _drop_await(node: ast.AST, variant: int) -> str | None:
    """`await` forgotten."""
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.Await) and not variant:
            setattr(node, field, value.value)
            return "without await"
    return None


def _leave_loop(node: ast.AST, variant: int) -> str | None:
    """A loop that ends after its first round."""
    if not isinstance(node, (ast.For, ast.AsyncFor, ast.While)) or variant:
        return None
    node.body.append(ast.Break())
    return "loop ends after one round"


OPERATORS: tuple[Callable[[ast.AST, int], str | None], ...] = (
    _operator,
    _constant,
    _delete,
    _delete_else,
    _swap,
    _drop_keyword,
    _return_nothing,
    _negate,
    _drop_condition,
    _one_side,
    _drop_await,
    _leave_loop,
)
