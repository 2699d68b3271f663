"""What the answers of an SBI device must look like, as tables.

Source: MOSIP SBI 0.9.5 (mosip/documentation, mds-specification) and the facts in the JSON schemas of MOSIP's
compliance toolkit (mosip/mosip-compliance-toolkit, resources/schemas/sbi/0.9.5). The names are the toolkit's. The
documents are looked at as the toolkit does: beside what is signed or sealed stands what it says, under the name with
`Decoded` at its end.

Three rules are stricter than the toolkit's schemas, which look at the first entry of a list only, let a `timestamp` be
anything, and take an empty list for a capture or a refusal: here every entry counts, and there is one at least.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from biocore_bindings.ctk_shapes import (
    FILLED,
    INSTANT,
    TEXT,
    Members,
    Rule,
    Shape,
    list_of,
    one_of,
    record,
    text_like,
)

SPEC_VERSIONS = ("0.9.5", "1.0.0")
ENVIRONMENTS = ("Staging", "Developer", "Pre-Production", "Production")
STATUSES = ("Ready", "Busy", "Not Ready", "Not Registered")
SUB_TYPES = {"Finger": ("Single", "Slap", "Touchless"), "Iris": ("Single", "Double"), "Face": ("Full face",)}
FINGERS = tuple(
    f"{side} {finger}"
    for side in ("Left", "Right")
    for finger in ("IndexFinger", "MiddleFinger", "RingFinger", "LittleFinger", "Thumb")
)
BIO_SUB_TYPES = {"Finger": (*FINGERS, "UNKNOWN"), "Iris": ("Left", "Right", "UNKNOWN"), "Face": ("null",)}
SCORE = text_like(r"^(100(\.0+)?|\d{1,2}(\.\d+)?)$")
HASH = text_like(r"^[A-Z0-9]{64}$")
TRANSACTION = text_like(r"^[a-zA-Z0-9-]+$", 4, 50)
FREE_TRANSACTION = text_like(r"^[a-zA-Z0-9-]+$")
SUCCESS = record({"errorCode": one_of("0"), "errorInfo": one_of("Success")})
REFUSAL = record(
    {"errorCode": text_like("^[1-9][0-9][0-9]$"), "errorInfo": Shape("text", least=1, forbidden=("Success",))}
)
ANY_REFUSAL = record(
    {
        "errorCode": Shape("text", least=1, forbidden=("0",)),
        "errorInfo": Shape("text", least=1, forbidden=("Success",)),
    }
)
EITHER = record({"errorCode": FILLED, "errorInfo": FILLED})
MAYBE_TEXT, MAYBE_LIST = TEXT.or_null(), Shape("list", nullable=True)

DIGITAL_ID = record(
    {
        "serialNo": FILLED,
        "make": FILLED,
        "model": FILLED,
        "type": one_of(*SUB_TYPES),
        "deviceSubType": one_of("Slap", "Single", "Touchless", "Double", "Full face"),
        "deviceProvider": FILLED,
        "deviceProviderId": FILLED,
        "dateTime": INSTANT,
    },
    *(Rule("type", kind, {"deviceSubType": one_of(*subtypes)}) for kind, subtypes in SUB_TYPES.items()),
)
_DEVICE: Members = {
    "deviceId": FILLED,
    "deviceStatus": one_of(*STATUSES),
    "certification": one_of("L0", "L1"),
    "callbackId": FILLED,
    "digitalId": FILLED,
    "deviceCode": FILLED,
    "purpose": one_of("Auth", "Registration"),
}
_SUB_IDS = list_of(one_of("0", "1", "2", "3"), 1)


def _info(error: Shape, status: str = "", **others: Shape) -> Shape:
    """Return the shape of an answer to MOSIPDINFO of devices in one status, or in any."""
    told = record(
        {
            **_DEVICE,
            "env": one_of(*ENVIRONMENTS),
            "digitalIdDecoded?": DIGITAL_ID,
            "serviceVersion": FILLED,
            "firmware": FILLED,
            "specVersion": list_of(one_of(*SPEC_VERSIONS), 1),
            "deviceSubId": _SUB_IDS,
            **({"deviceStatus": one_of(status)} if status else {}),
            **others,
        }
    )
    if error is SUCCESS:
        return list_of(record({"deviceInfo": FILLED, "deviceInfoDecoded?": told, "error": error}), 1)
    entry = {"deviceInfo?": MAYBE_TEXT, "deviceInfoDecoded?": told.or_null(), "error": error}
    return list_of(record(entry)) if status == "Not Ready" else list_of(record(entry).or_null(), 1)


def _signed(purpose: str, transaction: Shape) -> Shape:
    """Return the shape of what is signed of one finger, eye or face."""
    auth: Members = {"domainUri": TEXT} if purpose == "Auth" else {}
    rules = []
    for kind, subtypes in BIO_SUB_TYPES.items():
        name = "bioSubType?" if kind == "Face" else "bioSubType"
        same = record({**(DIGITAL_ID.members or {}), "type": one_of(kind)}, *DIGITAL_ID.rules)
        rules.append(Rule("bioType", kind, {name: one_of(*subtypes), "digitalIdDecoded": same}))
    return record(
        {
            "digitalId": FILLED,
            "digitalIdDecoded": DIGITAL_ID,
            "deviceCode": FILLED,
            "deviceServiceVersion": FILLED,
            "bioType": one_of(*SUB_TYPES),
            "bioSubType?": MAYBE_TEXT,
            "purpose": one_of(purpose),
            "env": one_of(*ENVIRONMENTS),
            **auth,
            "bioValue": FILLED,
            "transactionId": transaction,
            "timestamp": INSTANT,
            "requestedScore": SCORE,
            "qualityScore": SCORE,
        },
        *rules,
    )


def _capture(purpose: str) -> Shape:
    sealed: Members = {"sessionKey": FILLED, "thumbprint": HASH} if purpose == "Auth" else {}
    entry = record(
        {
            "specVersion": one_of(*SPEC_VERSIONS),
            "data": FILLED,
            "dataDecoded": _signed(purpose, TRANSACTION),
            "hash": HASH,
            **sealed,
            "error": SUCCESS,
        }
    )
    return record({"biometrics": list_of(entry, 1)})


def _refused(error: Shape, **others: Shape) -> Shape:
    """Return the shape of a capture that may not have happened."""
    entry = record({"specVersion": MAYBE_TEXT, "data": MAYBE_TEXT, "hash": MAYBE_TEXT, **others, "error": error})
    return record({"biometrics": list_of(entry, 1)})


_SEALED: Members = {"sessionKey?": MAYBE_TEXT, "thumbprint?": MAYBE_TEXT}

SCHEMAS: Mapping[str, Shape] = MappingProxyType(
    {
        "DiscoverResponseSchema": list_of(
            record(
                {
                    **_DEVICE,
                    "serviceVersion?": FILLED,
                    "deviceSubId?": _SUB_IDS,
                    "digitalIdDecoded?": DIGITAL_ID,
                    "specVersion": list_of(one_of(*SPEC_VERSIONS)),
                    "error": SUCCESS,
                }
            ),
            1,
        ),
        "DiscoverResponseErrorSchema": list_of(
            record(
                {
                    **{f"{name}?": MAYBE_TEXT for name in (*_DEVICE, "serviceVersion")},
                    "deviceSubId?": MAYBE_LIST,
                    "specVersion?": MAYBE_LIST,
                    "digitalIdDecoded?": record(
                        {f"{name}?": MAYBE_TEXT for name in DIGITAL_ID.members or {}}
                    ).or_null(),
                    "error": REFUSAL,
                }
            ),
            1,
        ),
        "DeviceInfoResponseSchema": _info(SUCCESS),
        "DeviceInfoReadyResponseSchema": _info(SUCCESS, "Ready"),
        "DeviceInfoBusyResponseSchema": _info(REFUSAL, "Busy"),
        "DeviceInfoNotReadyResponseSchema": _info(ANY_REFUSAL, "Not Ready"),
        "DeviceInfoNotRegisteredResponseSchema": _info(
            ANY_REFUSAL,
            "Not Registered",
            env=one_of("None", *ENVIRONMENTS),
            purpose=Shape("text", forbidden=("Auth", "Registration")),
            deviceId=MAYBE_TEXT,
            deviceCode=MAYBE_TEXT,
        ),
        "RegistrationCaptureResponseSchema": _capture("Registration"),
        "AuthCaptureResponseSchema": _capture("Auth"),
        "ErrorCaptureResponseSchema": _refused(REFUSAL, **_SEALED),
        "TransactionIdErrorRCaptureResponseSchema": _refused(
            EITHER, **{"dataDecoded?": _signed("Registration", FREE_TRANSACTION)}
        ),
        "TransactionIdErrorCaptureResponseSchema": _refused(
            EITHER, **{"dataDecoded?": _signed("Auth", FREE_TRANSACTION)}, **_SEALED
        ),
    }
)
