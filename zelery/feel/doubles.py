"""How Java writes a double: Double.toString of the JDKs before 19, which Camunda's runtimes are.

It is not always the shortest text that reads back as the same double: 1e23 is 9.999999999999999E22, 2^60 has 18 digits.
The rules are those of the JDK's FloatingDecimal (after Steele and White), done in whole numbers here.
"""

import math

_SIGNIFICANT_BITS = 53
_BITS = 64
_HALF_BITS = 32
_SMALL_EXPONENTS = range(-21, 63)
_EXPONENT_FORM = range(-3, 8)  # Decimal exponents that Java writes without an E.


def java_digits(number: float) -> tuple[str, int]:
    """The digits that Java writes for a positive finite double, and the place of the point: 0.d1d2d3… x 10^place."""
    mantissa, binary = math.frexp(number)
    fraction, binary = int(math.ldexp(mantissa, _SIGNIFICANT_BITS)), binary - 1
    significant = min(_SIGNIFICANT_BITS, binary + 1075) if binary < -1022 else _SIGNIFICANT_BITS
    zeros = (fraction & -fraction).bit_length() - 1
    bits = _SIGNIFICANT_BITS - zeros
    tiny = max(0, bits - binary - 1)
    if binary in _SMALL_EXPONENTS and not tiny:
        return _of_whole(int(number), binary - significant - 1 if binary > significant else 0)
    return _generated(fraction >> zeros, bits, tiny, binary, significant)


def _of_whole(number: int, uncertain_bits: int) -> tuple[str, int]:
    """A whole number below 2^63: digits that its bits do not determine are rounded away, half up."""
    dropped = int(uncertain_bits * math.log10(2)) if uncertain_bits > 1 else 0
    unit = 10**dropped
    kept = str((number + unit // 2) // unit if dropped else number)
    return kept.rstrip("0"), len(kept) + dropped


def _generated(fraction: int, bits: int, tiny: int, binary: int, significant: int) -> tuple[str, int]:
    """Digit by digit, until what is left is within half a step of the double's neighbours."""
    place = _estimated_place(fraction, bits, binary)
    fives, scale_fives = max(0, -place), max(0, place)
    twos, scale_twos = fives + tiny + binary, scale_fives + tiny
    step_twos = twos - significant
    twos -= bits - 1
    common = min(twos, scale_twos)
    twos, scale_twos, step_twos = twos - common, scale_twos - common, step_twos - common
    if bits == 1:
        step_twos -= 1
    if step_twos < 0:
        twos, scale_twos, step_twos = twos - step_twos, scale_twos - step_twos, 0
    left = (fraction * 5**fives) << twos
    scale = 5**scale_fives << scale_twos
    step = 5**fives << step_twos
    width = max(bits + twos + _five_bits(fives), scale_twos + 1 + _five_bits(scale_fives + 1))
    # The JDK compares strictly where its numbers fit into 64 bits.
    slack = 0 if width < _BITS else 1
    # A step that outgrows the JDK's 32 or 64 bits ends the digits too.
    step_max = 1 << ((_HALF_BITS if width < _HALF_BITS else _BITS) - 1) if width < _BITS else None
    return _digits(left, scale, step, place, slack=slack, step_max=step_max)


def _digits(left: int, scale: int, step: int, place: int, *, slack: int, step_max: int | None) -> tuple[str, int]:
    tens = scale * 10
    digit, left = divmod(left, scale)
    left, step = left * 10, step * 10
    low, high = left < step, left + step > tens - slack
    digits = []
    if digit or high:
        digits.append(digit)
    else:
        place -= 1
    if place not in _EXPONENT_FORM:
        # The form with E has a digit after the point in any case.
        low = high = False
    while not (low or high):
        digit, left = divmod(left, scale)
        left, step = left * 10, step * 10
        low, high = left < step, left + step > tens - slack
        if step_max is not None and step >= step_max:
            low = high = True
        digits.append(digit)
    doubled = left * 2 - tens
    if high and (not low or doubled > 0 or (doubled == 0 and digits[-1] & 1)):
        return _rounded_up(digits, place + 1)
    return "".join(map(str, digits)), place + 1


def _rounded_up(digits: list[int], place: int) -> tuple[str, int]:
    written = str(int("".join(map(str, digits))) + 1).rjust(len(digits), "0")
    return written, place + len(written) - len(digits)


def _estimated_place(fraction: int, bits: int, binary: int) -> int:
    """The decimal exponent, or one less."""
    mantissa = fraction / (1 << (bits - 1))
    return math.floor((mantissa - 1.5) * 0.289529654 + 0.176091259 + binary * 0.301029995663981)


def _five_bits(power: int) -> int:
    return (5**power).bit_length() if power < 27 else power * 3
