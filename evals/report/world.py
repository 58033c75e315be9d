"""Sections on the library itself: what the embedded judge gets right, how sure it is, search and speed."""

from __future__ import annotations

from evals.figures.records import Records
from evals.report.content import Part, Plot, Section, Table
from evals.report.names import about_base, shown
from evals.report.paper import paper_table
from evals.report.parts import bounds, error, mean, number, part, percent, share, source
from evals.report.plots import lines
from evals.report.targets import embedded

MEASURES = ("precision@1", "perfect@1", "nDCG@10", "MRR")


def accuracy(records: Records) -> Section:
    """The embedded judge on what it never met."""

    def table() -> Part:
        found = records.figures("mini_accuracy")["conditions"]
        rows = tuple(
            (name, percent(one["acc_property"]), percent(one["acc_sample"]), error(one), number(one["brier"]))
            for name, one in found.items()
        )
        columns = ("documents, wordings", "Acc_property (%)", "Acc_sample (%)", "ECE", "Brier")
        return Table("By condition", columns, rows, source(records, "mini_accuracy"))

    def attributes() -> Part:
        found = records.figures("mini_accuracy")["conditions"]
        names = sorted(found["image"]["by_attribute"], key=lambda name: mean(found["image"]["by_attribute"][name]))
        rows = tuple(
            (name, percent(found["image"]["by_attribute"][name]), percent(found["text"]["by_attribute"].get(name)))
            for name in names
        )
        columns = ("attribute", "pictures (%)", "texts (%)")
        return Table("By attribute, worst first", columns, rows, source(records, "mini_accuracy"))

    text = (
        "Statements about drawn garments of combinations, and in wordings, that training never met; ten to a garment."
    )
    made = [
        part("Targets of the embedded weights", "mini_accuracy", lambda: embedded(records)),
        part("By condition", "mini_accuracy", table),
        part("By attribute", "mini_accuracy", attributes),
    ]
    return Section("accuracy", "The embedded judge", text, made)


def search(records: Records) -> Section:
    """Before and after reranking."""

    def table() -> Part:
        found = records.figures("mini_search")
        rows = tuple((name, *(share(one[key]) for key in MEASURES)) for name, one in found["orders"].items())
        note = f"{found['queries']['n']} sentences, {found['first_stage']['depth']} candidates each"
        return Table("Orders of the same candidates", ("", *MEASURES), rows, source(records, "mini_search"), note)

    text = "Sentences over a catalogue of drawn garments: the first stage's order, ours, and the best possible one."
    return Section("search", "Search", text, [part("Orders of the same candidates", "mini_search", table)])


def speed(records: Records) -> Section:
    """Seconds beside the peer, and by the number of requirements."""

    def peers() -> Part:
        found, settings = records.figures("bench_peers"), records["bench_peers"]["settings"]
        least = {name: times["min"] for name, times in found["seconds"].items()}
        names = {
            "cold": "ours, nothing known", "states": "ours, prefix states kept", "verdicts": "ours, verdicts kept",
            "one_score": "CrossEncoder, one score a document", "each": "CrossEncoder, one score a requirement",
        }  # fmt: skip
        rows = tuple((shown, number(least[name])) for name, shown in names.items() if name in least)
        size = f"{settings['documents']} documents x {settings['requirements']} requirements"
        note = f"{size}, fastest of {settings['repeats']}"
        return Table("Beside CrossEncoder", ("", "seconds"), rows, source(records, "bench_peers"), note)

    def counts() -> Part:
        found = records.figures("bench_scaling")
        series = {
            label: [(float(count), one[kind]["p50"]) for count, one in found.items()]
            for kind, label in (("cold", "nothing known"), ("cached", "prefix states kept"))
        }
        drawn = lines(series, x="requirements", y="seconds, 100 documents", bottom=0)
        said = "; ".join(
            f"{label}: {ys[0][1]:.2f} s at 1, {ys[-1][1]:.2f} s at {ys[-1][0]:.0f}" for label, ys in series.items()
        )
        return Plot("Seconds by the number of requirements", drawn, said, source(records, "bench_scaling"))

    text = "Both in one process, in turn, on pictures that neither had seen."
    made = [part("Beside CrossEncoder", "bench_peers", peers), part("Seconds", "bench_scaling", counts)]
    return Section("speed", "Speed", text, made)


def position(records: Records) -> Section:
    """Figure 6."""
    text = "Every statement stands at every place in turn, so that places are compared on the same statements."
    if "positions" in records:
        text += f" {about_base(records, 'positions')}"
    parts = [
        paper_table("figure 6"),
        part("Base against YOFO", "positions", lambda: _contestants_by_place(records)),
        part("Accuracy by place", "mini_accuracy", lambda: _positions(records)),
    ]
    return Section("position", "Accuracy by place in the template", text, parts)


def _contestants_by_place(records: Records) -> Plot:
    found = records.figures("positions")["contestants"]
    series, intervals = {}, {}
    for contestant, one in found.items():
        estimates = [[100 * value for value in bounds(place)] for place in one["by_position"]]
        series[shown(contestant)] = [(float(place), middle) for place, (middle, _, _) in enumerate(estimates, start=1)]
        intervals[shown(contestant)] = [(low, high) for _, low, high in estimates]
    said = "; ".join(
        f"{name}: {ys[0][1]:.1f} % at the first, {ys[-1][1]:.1f} % at the last" for name, ys in series.items()
    )
    drawn = lines(series, x="place", y="right (%), 95 % interval", top=100, intervals=intervals)
    return Plot("Base against YOFO, all asked in one template", drawn, said, source(records, "positions"))


def _positions(records: Records) -> Plot:
    found = records.figures("mini_accuracy")["position"]["by_position"]
    series = {"embedded judge, each asked alone": [(place, 100 * value) for place, value in enumerate(found, start=1)]}
    said = f"from {100 * min(found):.2f} % to {100 * max(found):.2f} %"
    if min(found) == max(found):
        said = (
            f"{100 * found[0]:.2f} % at every place, by construction: each is asked alone, so its place cannot matter"
        )
    return Plot(
        "Accuracy by place", lines(series, x="place", y="right (%)", top=100), said, source(records, "mini_accuracy")
    )


def attention(records: Records) -> Section:
    """Asked together against alone, for the embedded judge."""

    def table() -> Part:
        rows = tuple(
            (
                f"{medium}, {mode}", percent(one["acc_property"]), percent(one["against_alone"]["flips"], 2),
                percent(one["against_another_order"]["flips"], 2), number(one["against_alone"]["largest"]),
            )
            for medium, modes in records.figures("attention").items()
            for mode, one in modes.items()
        )  # fmt: skip
        columns = (
            "documents, attention",
            "right (%)",
            "flips against alone (%)",
            "flips in another order (%)",
            "largest change",
        )
        return Table("Asked together against asked alone", columns, rows, source(records, "attention"))

    text = "How far answers depend on the other requirements and their order; the library's default is isolated."
    return Section("attention", "Neighbours", text, [part("Asked together against asked alone", "attention", table)])
