"""reckon.h as ctypes sees it: codes, structs, and the library itself.

tests/python holds the layout of each struct against the compiler's.
"""

import ctypes
import enum
import functools
import os
import time
from ctypes import CFUNCTYPE, POINTER, c_bool, c_char_p, c_double, c_int
from ctypes import c_int64, c_size_t, c_uint64, c_void_p

SONAME = "libreckon.so.0"

Code = enum.IntEnum("Code", {
    "EINVAL": -1, "ENOMEM": -2, "ENOTFOUND": -3, "EIO": -4, "EFORMAT": -5,
    "EBACKEND": -6, "ENOTBUILT": -7, "ENOTREADY": -8, "ECANCELLED": -9})
Code.__doc__ = "What the caller can do about an Error: see reckon.h."

KINDS = {"items": 0, "users": 1, "events": 2}


class Error(Exception):
    """What went wrong: `code` is a Code, `message` is one line."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = Code(code)
        self.message = message


Report = CFUNCTYPE(c_int, c_void_p, c_char_p, c_uint64, c_uint64)
BadRow = CFUNCTYPE(None, c_void_p, c_char_p)


def struct(c_name, /, **members):
    return type(c_name, (ctypes.Structure,),
                {"_fields_": list(members.items())})


Err = struct("rk_error", code=c_int, msg=ctypes.c_char * 256)
Progress = struct("rk_progress", report=Report, ctx=c_void_p)
Field = struct("rk_field", name=c_char_p, value=c_char_p)
Record = struct("rk_record", id=c_char_p, fields=POINTER(Field),
                n_fields=c_size_t)
Event = struct("rk_event", user=c_char_p, item=c_char_p, type=c_char_p,
               value=c_double, at_us=c_int64)
EngineOpts = struct("rk_engine_opts", store=c_char_p, embedder=c_char_p,
                    writer=c_char_p)
ImportReport = struct("rk_import_report", n_rows=c_uint64, n_bad=c_uint64,
                      took_us=c_int64)
ImportOpts = struct("rk_import_opts", strict=c_bool, on_bad_row=BadRow,
                    bad_row_ctx=c_void_p, progress=Progress)
PrepareOpts = struct("rk_prepare_opts", effort=c_char_p, progress=Progress)
Request = struct("rk_request", user=c_char_p, profile=c_char_p, way=c_char_p,
                 n=c_size_t, candidates=POINTER(c_char_p),
                 n_candidates=c_size_t, include_seen=c_bool,
                 why=c_char_p, deadline_ms=c_int64, max_tokens=c_uint64,
                 max_cost=c_double)
EvaluateOpts = struct("rk_evaluate_opts", data=c_char_p,
                      ways=POINTER(c_char_p), n_ways=c_size_t,
                      effort=c_char_p, n_users=c_size_t, seed=c_uint64,
                      shuffle_texts=c_bool,
                      progress=Progress)
STRUCTS = (Err, Progress, Field, Record, Event, EngineOpts, ImportReport,
           ImportOpts, PrepareOpts, Request, EvaluateOpts)

_ENGINE, _OUT = c_void_p, POINTER(c_void_p)
_FALLIBLE = {  # arguments before the error
    "rk_engine_open": (_OUT, c_char_p, POINTER(EngineOpts)),
    "rk_import_file": (_ENGINE, c_int, c_char_p, POINTER(ImportOpts),
                       POINTER(ImportReport)),
    "rk_put_items": (_ENGINE, POINTER(Record), c_size_t),
    "rk_put_users": (_ENGINE, POINTER(Record), c_size_t),
    "rk_put_events": (_ENGINE, POINTER(Event), c_size_t),
    "rk_export_file": (_ENGINE, c_int, c_char_p),
    "rk_prepare": (_ENGINE, POINTER(PrepareOpts)),
    "rk_recommend": (_ENGINE, POINTER(Request), _OUT),
    "rk_predict": (_ENGINE, POINTER(Request), c_char_p, _OUT),
    "rk_prompt_preview": (_ENGINE, POINTER(Request), c_char_p, _OUT),
    "rk_prompt_templates": (_ENGINE, _OUT),
    "rk_similar": (_ENGINE, c_char_p, c_size_t, _OUT),
    "rk_show": (_ENGINE, c_int, c_char_p, _OUT),
    "rk_status": (_ENGINE, _OUT),
    "rk_doctor": (_ENGINE, _OUT, POINTER(c_size_t)),
    "rk_models_list": (_ENGINE, _OUT),
    "rk_usage_list": (_ENGINE, c_size_t, _OUT),
    "rk_usage_prune": (_ENGINE, c_size_t, POINTER(c_uint64)),
    "rk_protocols_list": (_OUT,),
    "rk_evaluate": (_ENGINE, c_char_p, POINTER(EvaluateOpts), _OUT),
}

libc = ctypes.CDLL(None)
libc.free.argtypes, libc.free.restype = [c_void_p], None


@functools.lru_cache(maxsize=None)
def library():
    """libreckon, opened when first needed: the file that $RECKON_LIBRARY
    names, else the one in this folder, else the loader's."""
    beside = os.path.join(os.path.dirname(__file__), SONAME)
    path = os.environ.get("RECKON_LIBRARY") or (
        beside if os.path.exists(beside) else SONAME)
    try:
        lib = ctypes.CDLL(path)
    except OSError as e:
        raise Error(Code.ENOTFOUND, f"cannot load libreckon ({e}): set "
                    "RECKON_LIBRARY to its path, or make install") from None
    for name, arguments in _FALLIBLE.items():
        getattr(lib, name).argtypes = [*arguments, POINTER(Err)]
    for name in ("rk_engine_close", "rk_answer_free", "rk_card_free",
                 "rk_preview_free", "rk_report_free"):
        getattr(lib, name).argtypes = [c_void_p]
        getattr(lib, name).restype = None
    for name in ("rk_answer_json", "rk_card_json", "rk_preview_json",
                 "rk_report_json",
                 "rk_report_html"):
        getattr(lib, name).argtypes = [c_void_p]
        getattr(lib, name).restype = c_void_p
    return lib


def text(value):
    """A str as a C string. What is no Unicode text, the library refuses."""
    if not isinstance(value, str) or "\0" in value:
        raise Error(Code.EINVAL, f"expected a str without NUL: {value!r}")
    return value.encode("utf-8", "surrogatepass")


def optional(value):
    return None if value is None else text(value)


def path(value):
    """A path, or a model's name; None is NULL."""
    return None if value is None else os.fsencode(value)


def count(n):
    if not isinstance(n, int) or not 0 <= n < 1 << 31:
        raise Error(Code.EINVAL, f"n is {n!r}, must be 1 to 1000")
    return n


def kind_of(name):
    if name not in KINDS:
        raise Error(Code.EINVAL, f"kind is {name!r}, must be one of "
                    + ", ".join(KINDS))
    return KINDS[name]


def limit(name, value, kind):
    """A limit of a request; None is none."""
    if value is None:
        return 0
    if not isinstance(value, kind) or isinstance(value, bool) or not (
            0 <= value <= 1 << 53):
        raise Error(Code.EINVAL, f"{name} is {value!r}, must be 0 or more")
    return value


def request(user, profile, way, n, candidates, include_seen, why=None,
            deadline_ms=None, max_tokens=None, max_cost=None):
    if candidates is not None and len(candidates) == 0:
        raise Error(Code.EINVAL, "candidates are empty")
    ids = [text(c) for c in candidates or ()]
    return Request(
        optional(user), optional(profile), optional(way), count(n),
        (c_char_p * len(ids))(*ids), len(ids), include_seen,
        optional(why),
        limit("deadline_ms", deadline_ms, int),
        limit("max_tokens", max_tokens, int),
        limit("max_cost", max_cost, (int, float)))


def evaluate_opts(data, ways, effort, n_users, seed, shuffle_texts,
                  progress):
    names = [text(w) for w in ways or ()]
    return EvaluateOpts(
        path(data), (c_char_p * len(names))(*names), len(names),
        optional(effort), n_users, seed, shuffle_texts, progress)


def _value(value):
    """A field's value as text; several values have '|' between them."""
    if isinstance(value, (list, tuple)):
        return "|".join(map(_value, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def records(rows):
    out = (Record * len(rows))()
    for record, row in zip(out, rows):
        given = [(text(k), text(_value(v))) for k, v in row.items()
                 if k != "id" and v is not None]
        record.id = text(row["id"])
        record.fields = (Field * len(given))(*given)
        record.n_fields = len(given)
    return out


def events(rows):
    out = (Event * len(rows))()
    for event, row in zip(out, rows):
        value, at = row.get("value"), row.get("at")
        seconds = (time.time() if at is None else
                   at.timestamp() if hasattr(at, "timestamp") else at)
        event.user, event.item = text(row["user"]), text(row["item"])
        event.type = text(row.get("type") or
                           ("view" if value is None else "rating"))
        event.value = 1 if value is None else value
        event.at_us = round(seconds * 1e6)
    return out
