"""The measured figures beside what they must be: one table, for a terminal and for the docs."""
import re

BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
CASES = ("condition-flat", "observation-components")


def number(value, digits=2):
    return f"{value:.{digits}f}"


class Table:
    def __init__(self):
        self.rows = []
        self.failed = []

    def add(self, what, must, aim, value, text, good):
        """`good`: is the value as the must column has it?"""
        if value is not None and not good:
            self.failed.append(what)
        self.rows.append((what, must, aim, text, "-" if value is None else
                          "yes" if good else "no"))

    def markdown(self):
        head = ("at the size measured", "must", "aim", "measured", "holds")
        lines = [head, ("---",) * len(head), *self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def clinical_rows(table, report):
    limits = {"condition-flat": (2.0, "1.0"), "observation-components": (1.5, "0.6")}
    for case in CASES:
        one = report[case]
        must, aim = limits[case]
        table.add(f"wall against the simdjson program, {case}", f"≤ {must} ×", f"≤ {aim} ×",
                  one["to_bound"], f"{number(one['to_bound'])} × "
                  f"({one['kiln']['wall_median_s']:.3f} s to {one['bound']['wall_median_s']:.3f} s)",
                  one["to_bound"] <= must)
    for case in CASES:
        one = report[case]
        faster = one.get("faster_than_duckdb")
        table.add(f"against DuckDB by hand, {case}", "≥ 1.5 × faster", "≥ 3 ×", faster,
                  one["duckdb"]["skipped"] if faster is None else
                  f"{number(faster)} × ({one['duckdb']['wall_median_s']:.3f} s)",
                  faster is not None and faster >= 1.5)
    for case in CASES:
        one = report[case]
        table.add(f"2 threads against 1, {case}", "≥ 1.7 ×, or ≥ 85 % of the read bandwidth",
                  "1.95 ×", one["threads"], f"{number(one['threads'])} ×; "
                  f"{100 * one['of_read_bandwidth']:.0f} % of the read bandwidth",
                  one["threads"] >= 1.7 or one["of_read_bandwidth"] >= 0.85)
    peak = max(report[case]["kiln"]["peak_rss_mib"] for case in CASES)
    table.add("peak RSS, CSV", "≤ 128 MiB", "≤ 32 MiB", peak, f"{number(peak, 1)} MiB", peak <= 128)
    start = report["start_up"]["wall_median_s"] * 1000
    table.add("start-up (`kiln run` on 1 line)", "≤ 60 ms", "≤ 10 ms", start,
              f"{number(start, 1)} ms", start <= 60)


def view_rows(table, report):
    measured = {name: one["to_scan"] for name, one in report.items() if "to_scan" in one}
    if not measured:
        return
    worst = max(measured, key=measured.get)
    table.add(f"{len(measured)} of the {len(report)} shared views against DuckDB's bare scan",
              "each ≤ 1.5 ×", "≤ 0.8 ×", measured[worst],
              f"{number(min(measured.values()))} to {number(measured[worst])} × "
              f"(worst: {worst.rsplit('/', 1)[1]})", measured[worst] <= 1.5)


def export_rows(table, report, where, limit, aim):
    for name in ("components", "wide"):
        one = report[name]
        table.add(f"HTTP export to {where}, NDJSON, {name}, against `kiln run -o` and fsync",
                  f"≤ {limit} ×" if limit else "-", aim, one["to_run"] if limit else None,
                  f"{number(one['to_run'])} × ({one['job_median_s']:.3f} s to "
                  f"{one['run_median_s']:.3f} s)", limit is None or one["to_run"] <= limit)


def sql_rows(table, report):
    queries = {name: one for name, one in report["queries"].items() if "rows" in one}
    for name, one in queries.items():
        faster = one.get("faster_than_duckdb")
        table.add(f"SQL, {name}: against the same over DuckDB's read_json by hand",
                  "≥ 1.5 × faster", "≥ 3 ×", faster,
                  report["queries"]["duckdb"]["skipped"] if faster is None else
                  f"{number(faster)} × ({one['kiln']['wall_median_s']:.3f} s to "
                  f"{one['duckdb']['wall_median_s']:.3f} s; over Parquet "
                  f"{one['parquet']['wall_median_s']:.3f} s)", faster is not None and faster >= 1.5)
    made = ", ".join(f"{name} {one:.2f} s"
                     for name, one in report["queries"]["export_to_parquet_s"].items())
    table.add("to make that Parquet by `kiln run`", "-", "-", None, made, True)
    peak = queries["many groups"]["kiln"]["peak_rss_mib"]
    table.add("SQL, many groups: peak RSS", "≤ 512 MiB", "-", peak, f"{number(peak, 0)} MiB",
              peak <= 512)
    shapes = report["shapes"]
    for what, name, must in (
            ("one column of a view of 15 against a view of 1", "one_column", 1.3),
            (f"a condition that keeps {100 * shapes['share']:.1f} % against one that cannot be "
             "pushed down", "push_down", 0.7)):
        table.add(f"SQL, {what}", f"≤ {must} ×", "-", shapes[name], f"{number(shapes[name])} ×",
                  shapes[name] <= must)
    limit = shapes["limit"]["wall_median_s"] * 1000
    table.add("SQL, `LIMIT 10` with start-up", "≤ 100 ms", "-", limit, f"{number(limit, 0)} ms",
              limit <= 100)
    http = report["http"]
    table.add("`$sqlquery-export` of the components by code against `kiln sql`", "≤ 1.3 ×", "-",
              http["job_to_sql"], f"{number(http['job_to_sql'])} × ({http['job_median_s']:.3f} s to "
              f"{http['sql_median_s']:.3f} s)", http["job_to_sql"] <= 1.3)
    cost = http["query_ms"] - http["view_ms"]
    table.add("a query's process: `SELECT 1` over HTTP less a view's run for a row", "≤ 60 ms",
              "-", cost, f"{number(cost, 0)} ms ({http['query_ms']:.0f} less {http['view_ms']:.0f})",
              cost <= 60)


def busy_rows(table, report):
    table.add("the first row of a small run beside two exports, against an idle server", "≤ 2 ×",
              "-", report["to_idle"], f"{number(report['to_idle'])} × ({report['busy_ms']:.1f} ms to "
              f"{report['idle_ms']:.1f} ms; 9 of 10 within {report['busy_p90_ms']:.1f} ms)",
              report["to_idle"] <= 2)


def stop_rows(table, report):
    if report["signal"]["median_s"] is not None:
        table.add("a stop (SIGINT) until the process has ended", "≤ 100 ms by design", "-", None,
                  f"{report['signal']['median_s'] * 1000:.0f} ms", True)
    for what, name, limit in (("the scan", "scan", 100), ("the Parquet writer", "parquet", 250),
                              ("an upload to versitygw", "upload", 250)):
        one = report["cancel"][name]
        table.add(f"a cancel until the worker has left {what}", f"≤ {limit} ms by design", "-", None,
                  one.get("skipped") or
                  f"{one['median_ms']:.0f} ms, at most {one['max_ms']:.0f} ms", True)


def kernel_rows(table, report):
    ended = {name: one for name, one in report.items() if one["max_s"] is not None}
    shown = ", ".join(f"{name} {one['max_s'] * 1000:.0f}" for name, one in ended.items())
    table.add("SIGTERM in the midst of one expression until the process has ended, at most, in ms",
              "≤ 100 ms by design", "-", None, shown, True)


def load_rows(table, report):
    times = ", ".join(f"{what} {one['median']:.0f} / {one['p99']:.0f} ms"
                      for what, one in report["milliseconds"].items())
    table.add(f"{report['clients']} clients that kick off, poll and download for "
              f"{report['seconds']} s: peak RSS", "≤ 512 MiB", "-", report["peak_rss_mib"],
              f"{report['peak_rss_mib']:.0f} MiB; {report['jobs']} jobs, {report['requests']} requests, "
              f"{report['throttled']} of them 429; {report['bytes'] / 1e9:.1f} GB; "
              f"median / 99 %: {times}", report["peak_rss_mib"] <= 512)


def summarise(report):
    table = Table()
    if "clinical" in report:
        clinical_rows(table, report["clinical"])
    if "views" in report:
        view_rows(table, report["views"])
    if "five" in report:
        one = report["five"]["published"]
        table.add("5 views over one type in `kiln export` against one (the guide's, over Patient)",
                  "≤ 2.5 ×", "≤ 1.5 ×", one["to_mean_of_one"],
                  f"{number(one['to_mean_of_one'])} × the mean of the five alone",
                  one["to_mean_of_one"] <= 2.5)
        one = report["five"]["observation"]
        table.add("the same with 5 views over Observation that write 363 MB", "-", "-", None,
                  f"{number(one['to_mean_of_one'])} × the mean, "
                  f"{number(one['to_slowest_of_one'])} × the slowest", True)
    if "sql" in report:
        sql_rows(table, report["sql"])
    if "http" in report:
        export_rows(table, report["http"], "a folder", 1.1, "≤ 1.05 ×")
    if "store" in report:
        export_rows(table, report["store"]["without_md5"],
                    "versitygw `--data-integrity-etag` on the same cores", 1.5, "-")
        export_rows(table, report["store"]["as_it_comes"], "versitygw as it comes", None, "-")
    if "busy" in report:
        busy_rows(table, report["busy"])
    if "load" in report:
        load_rows(table, report["load"])
    if "stop" in report:
        stop_rows(table, report["stop"])
        kernel_rows(table, report["stop"]["kernel"])
    return table


def write_into(path, report, table):
    """Replaces what stands between the marks of a document."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    machine = report["machine"]
    block = (f"{BEGIN}\n{report['date']}, {machine['cpu']}, {machine['cores']} cores, "
             f"{machine['memory_gib']} GiB, Linux {machine['kernel']}; size `{report['size']}`, "
             f"{report['runs']} interleaved runs, medians; commit {report['commit']}.\n\n"
             f"{table.markdown()}\n{END}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(f"{BEGIN}.*{END}", lambda _: block, text, flags=re.DOTALL))
