"""Single machine operations on 32-bit words and floats, for compiled loops that shall run eight at a time.

The compiler widens 32-bit integers to 64 bits in every expression, which halves the speed of a loop. Here is
each operation that the loops need, on 32 bits and nothing else. All of them give the same bits on every
machine: `fused` is rounded once wherever it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_WORD, _FLOAT = ir.IntType(32), ir.FloatType()
_u32, _i32, _f32 = types.uint32, types.int32, types.float32


def _of_one(result: Any, argument: Any, build: Callable[..., Any]) -> Any:
    """A compiled function of one argument, `build` being given the builder of the code and the argument."""

    def operation(_typing: Any, _a: Any) -> Any:
        return result(argument), _generator(build)

    return intrinsic(operation)


def _of_two(result: Any, argument: Any, build: Callable[..., Any]) -> Any:
    """The same for two arguments."""

    def operation(_typing: Any, _a: Any, _b: Any) -> Any:
        return result(argument, argument), _generator(build)

    return intrinsic(operation)


def _of_three(result: Any, argument: Any, build: Callable[..., Any]) -> Any:
    """The same for three."""

    def operation(_typing: Any, _a: Any, _b: Any, _c: Any) -> Any:
        return result(argument, argument, argument), _generator(build)

    return intrinsic(operation)


def _generator(build: Callable[..., Any]) -> Callable[..., Any]:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return build(builder, *arguments)

    return generate


def _root(builder: Any, value: Any) -> Any:
    return builder.call(builder.module.declare_intrinsic("llvm.sqrt", [_FLOAT]), [value])


product = _of_two(_u32, _u32, lambda code, a, b: code.mul(a, b))
"""``a * b`` of uint32, modulo 2^32."""

total = _of_two(_u32, _u32, lambda code, a, b: code.add(a, b))
"""``a + b`` of uint32, modulo 2^32."""

folded = _of_two(_u32, _u32, lambda code, a, n: code.xor(a, code.lshr(a, n)))
"""``a ^ (a >> n)`` of uint32."""

shifted = _of_two(_u32, _u32, lambda code, a, n: code.lshr(a, n))
"""``a >> n`` of uint32."""

larger = _of_two(_u32, _u32, lambda code, a, b: code.select(code.icmp_unsigned(">", a, b), a, b))
"""The larger of two uint32; also of two float32 that are not negative, by their bits."""

bits_of_float = _of_one(_i32, _f32, lambda code, value: code.bitcast(value, _WORD))
"""The 32 bits of a float32."""

float_of_bits = _of_one(_f32, _i32, lambda code, value: code.bitcast(value, _FLOAT))
"""The float32 that 32 bits stand for."""

whole = _of_one(_i32, _f32, lambda code, value: code.fptosi(value, _WORD))
"""A float32 without its fraction, as int32."""

as_float = _of_one(_f32, _i32, lambda code, value: code.sitofp(value, _FLOAT))
"""An int32 as float32."""

root = _of_one(_f32, _f32, _root)
"""Square root of a float32."""

fused = _of_three(_f32, _f32, lambda code, a, b, c: code.fma(a, b, c))
"""``a * b + c`` of float32, rounded once."""
