"""spf_zone - a zone as a dictionary: as a zone file, and for python3-spf

{name: [(type, data), ...]}, where data is a string, (preference, host) for MX, bytes for TXT; or
{name: "TIMEOUT"}.  A name that it lacks does not exist.
"""


def quoted(octets):
    return '"' + "".join(f"\\{byte:03d}" if byte < 32 or byte > 126 or byte in b'"\\' else chr(byte)
                         for byte in octets) + '"'


def owner(name):
    name = name.rstrip(".")
    return "".join(c if c.isalnum() or c in ".-_" else f"\\{ord(c):03d}" for c in name)


def text(zone):
    """The zone file."""
    lines = []
    for name, records in zone.items():
        if records == "TIMEOUT":
            lines.append(f"{owner(name)} TIMEOUT")
            continue
        for kind, data in records:
            if kind == "TXT":
                data = quoted(data)
            elif kind == "MX":
                data = f"{data[0]} {owner(data[1])}."
            elif kind in ("PTR", "CNAME"):
                data = owner(data) + "."
            lines.append(f"{owner(name)} {kind} {data}")
    return "\n".join(lines) + "\n"


def lookup(zone, timeout):
    """What python3-spf calls instead of its resolver; timeout makes the exception."""
    lower = {name.lower(): records for name, records in zone.items()}

    def find(name, kind, strict=True, patience=0):
        records = lower.get(name.lower().rstrip("."), [])
        if records == "TIMEOUT":
            raise timeout("DNS timeout of " + name)
        return [((name, k), [data] if k == "TXT" else data) for k, data in records
                if k in (kind, "CNAME")]
    return find
