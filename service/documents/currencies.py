"""The decimals of each currency, by ISO 4217 (CONTRACT.md D91). Generated from the list; a test compares it.

Currencies in use are those of list one. Those that left the list since 2000 are kept, because documents of those years
may still be recorded; their decimals are those they had. Units without decimals of their own, such as gold and the
codes for tests, are no currencies here.
"""

from collections.abc import Mapping
from typing import Final

HOME_CURRENCY: Final = "RON"
HOME_DECIMALS: Final = 2

IN_USE: Final[Mapping[int, str]] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE "
        "CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD "
        "HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK "
        "MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD "
        "RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH "
        "USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
"""The codes of list one, by their decimals."""

WITHDRAWN: Final[Mapping[int, str]] = {
    0: "ADP BEF BYB BYR ESP GRD ITL LUF MGF PTE TPE TRL",
    2: (
        "AFA ANG ATS AZM BGL BGN CSD CUC CYP DEM EEK FIM FRF GHC HRK IEP LTL LVL MRO MTL MZM NLG ROL RUR SDD "
        "SIT SKK SLL SRG STD TMM USS VEB VEF YUM ZMK ZWD ZWL ZWN ZWR"
    ),
}
"""The codes that left the list since 2000, by the decimals they had."""

_DECIMALS: Final[Mapping[str, int]] = {
    code: decimals for listed in (IN_USE, WITHDRAWN) for decimals, codes in listed.items() for code in codes.split()
}


def decimals_of(currency: str) -> int | None:
    """How many decimals amounts in this currency have; none if it is no currency of ISO 4217."""
    return _DECIMALS.get(currency)


def decimals_kept(currency: str) -> int:
    """The decimals of the amounts of a stored document: two if it is in a code that was accepted before D91."""
    return _DECIMALS.get(currency, HOME_DECIMALS)
