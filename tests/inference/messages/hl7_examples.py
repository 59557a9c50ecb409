"""Messages as a radiology information system sends them."""


def message(*segments, kind, charset="UNICODE UTF-8", control="control-1"):
    header = f"MSH|^~\\&|RIS|HOSP|RV|HOSP|20260301080000+0100||{kind}|{control}|P|2.5.1||||||{charset}"
    return "\r".join((header, *segments, "")).encode()


def person(identifier="P1^^^HOSP^MR", died=""):
    fields = [""] * 31
    fields[0], fields[3], fields[5] = "PID", identifier, "Doe^John"
    fields[29], fields[30] = died, "Y" if died else ""
    return "|".join(fields).rstrip("|")


def adt(trigger, *, pid="P1^^^HOSP^MR", mrg="", second="", died=""):
    segments = [f"EVN|{trigger}|20260301080000+0100", person(pid, died=died)]
    segments += [f"MRG|{mrg}"] if mrg else []
    segments += [person(second)] if second else []
    return message(*segments, kind=f"ADT^{trigger}")


def orm(control, *, accession="A1"):
    order = f"ORC|{control}|PL1|{accession}||||||20260301075500+0100"
    return message(person(), order, f"OBR|1|PL1|{accession}|71020^Chest", kind="ORM^O01")


def omi():
    segments = [person()]
    for number, modality in ((1, "CT"), (2, "MR")):
        segments += [
            f"ORC|NW|PL{number}|F{number}||||||20260301075500+0100",
            "TQ1|1",
            f"OBR|{number}|PL{number}|F{number}|71020^Chest",
            f"IPC|A{number}|RP{number}|1.2.{number + 2}|SPS{number}|{modality}",
        ]
    return message(*segments, kind="OMI^O23", control="control-2")


def oru(*, status="F", text="No effusion.", charset="UNICODE UTF-8", accession="A1", control="control-3"):
    request = ["OBR", "1", "PL1", "F1", "71020^Chest", *[""] * 13, accession, *[""] * 3, "20260301090000+0100"]
    request += ["", "", status, *[""] * 6, "R7&Reader&Rita"]
    results = [
        f"OBX|1|TX|18782-3^Impression||{text}||||||{status}",
        "OBX|2|CE|60046008^Pleural effusion||2667000^Absent^SCT||||||F",
        "OBX|3|NM|18043-0^Ejection fraction||55|%|||||F",
    ]
    return message(person(), "|".join(request), *results, kind="ORU^R01", charset=charset, control=control)
