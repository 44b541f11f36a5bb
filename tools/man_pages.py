#!/usr/bin/env python3
"""Writes the man pages of kiln and of its commands, from what each says with --help.

usage: man_pages.py KILN FOLDER DATE     kiln.1, kiln-run.1, …, in man(7); DATE as YYYY-MM-DD

A help text that it does not understand is an error, so that the pages cannot silently lose an option.
"""
import pathlib
import re
import subprocess
import sys

WIDTH = 30  # of the column of names
NAMES = re.compile(
    r"(?P<names>\S+?)(?:\{false\})?(?: (?P<value>[A-Z]+))?"
    r"(?::(?:\{(?P<choices>[^}]*)\}|[A-Z]+ in (?P<range>\[[^]]*\])))?"
    r"(?:=(?P<default>\S+))?(?P<many> \.\.\.)?(?P<required> REQUIRED)?"
    r"(?: Needs: (?P<needs>\S+))?(?: \(Env:(?P<variable>\w+)\))?")

ENVIRONMENT = [("KILN_DUCKDB_LIBRARY", "The file of DuckDB's library, which writes Parquet, in place of the "
                "one that was installed with kiln."),
               ("NO_COLOR", "If set, messages have no colours.")]
EXIT_STATUS = [("0", "It is done."), ("1", "It failed; the reason is on standard error, and no partial "
               "output is left."), ("2", "The command line is wrong."),
               ("130, 143", "It was interrupted; partial output is removed."),
               ("141", "The reader of its output has gone.")]


class Help:
    """What a help text consists of."""

    def __init__(self, text):
        lines = text.splitlines()
        usage = next(i for i, line in enumerate(lines) if line.startswith("Usage: "))
        self.description = " ".join(lines[:usage]).strip()
        self.usage = lines[usage][len("Usage: "):]
        self.sections = {}
        self.footer = []
        section = None
        for line in lines[usage + 1:]:
            if not self.footer and re.fullmatch("(Positionals|Options|Subcommands):", line):
                section = self.sections.setdefault(line[:-1], [])
            elif not self.footer and line.startswith(" " * WIDTH):
                section[-1][1].append(line.strip())
            elif not self.footer and line.startswith("  "):
                names, text = line[2:], []
                if line[WIDTH - 1:WIDTH] == " " and not NAMES.fullmatch(names):
                    names, text = line[2:WIDTH].rstrip(), [line[WIDTH:]]
                section.append((names, text))
            elif line or self.footer:
                self.footer.append(line)


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("~", "\\(ti")
    return "\\&" + text if text.startswith(".") else text


def bold(text):
    return "\\fB" + escape(text) + "\\fR"


def tagged(entries):
    """[(tag, text)] as paragraphs; tags are escaped already."""
    return [line for tag, text in entries for line in (".TP", tag, escape(text))]


def option_of(names, text):
    """Tag and text of an entry under Options or Positionals."""
    found = NAMES.fullmatch(names)
    if not found or not text:
        raise SystemExit(f"man_pages: not understood in a help text: {names!r} {text}")
    if not found["names"].startswith("-"):
        return "\\fI" + found["names"] + "\\fR", " ".join(text)
    tag = ", ".join(bold(re.sub(r"\{false\}", "", name)) for name in found["names"].split(","))
    if found["value"]:
        tag += " \\fI" + found["value"] + "\\fR"
    said = [" ".join(text).rstrip(".") + "."]
    if found["choices"] and not all(choice in said[0] for choice in found["choices"].split(",")):
        said.append("One of " + ", ".join(found["choices"].split(",")) + ".")
    if found["range"]:
        said.append("In " + found["range"].replace(" - ", " to ") + ".")
    if found["default"]:
        said.append("Default: " + found["default"] + ".")
    if found["required"]:
        said.append("Required.")
    if found["needs"]:
        said.append("Only with " + found["needs"] + ".")
    if found["variable"]:
        said.append("Also by the variable " + found["variable"] + ".")
    return tag, " ".join(said)


def footer_of(lines):
    """Examples in their own lines under a heading, other text as it stands."""
    page = []
    is_example = False
    for line in lines:
        if re.fullmatch("Examples?:", line):
            page += [".fi"] * is_example + [".SH EXAMPLES", ".nf"]
            is_example = True
        elif is_example or line:
            page.append(escape(line.strip()))
        elif page and page[-1] != ".PP":
            page.append(".PP")
    while page and page[-1] in ("", ".PP"):
        page.pop()
    return page + [".fi"] * is_example


def page_of(command, help_text, pages, version, date):
    """`command`: "" for kiln itself."""
    name = "kiln-" + command if command else "kiln"
    shown = Help(help_text)
    footer = footer_of(shown.footer) if command else []
    examples = next((i for i, line in enumerate(footer) if line.startswith(".SH")), len(footer))
    text = footer[:examples][:-1] if footer[:examples][-1:] == [".PP"] else footer[:examples]
    page = [f'.TH {name.upper()} 1 {date} "Kiln {version}" "User Commands"', ".SH NAME",
            f"{escape(name)} \\- {escape(shown.description.rstrip('.'))}", ".SH SYNOPSIS",
            re.sub(r"^(kiln \S+|kiln)", lambda words: bold(words[0]), shown.usage.replace("-", "\\-"))
            if command else bold("kiln") + " \\fICOMMAND\\fR ...",
            ".SH DESCRIPTION", escape(shown.description.rstrip(".") + ".")]
    if text:
        page += [".PP", *text]
    if "Positionals" in shown.sections:
        page += tagged(option_of(*entry) for entry in shown.sections["Positionals"])
    page += [".SH OPTIONS", *tagged(option_of(*entry) for entry in shown.sections["Options"])]
    if "Subcommands" in shown.sections:
        page += [".SH COMMANDS", *tagged((bold(names), " ".join(words).rstrip(".") + ".")
                                         for names, words in shown.sections["Subcommands"])]
        page += [".SH ENVIRONMENT", *tagged((bold(tag), text) for tag, text in ENVIRONMENT)]
    page += [".SH EXIT STATUS", *tagged(EXIT_STATUS), *footer[examples:]]
    others = [other for other in pages if other != name]
    page += [".SH SEE ALSO", ",\n".join(f".BR {escape(other)} (1)" for other in others)]
    return "\n".join(page) + "\n"


def main():
    kiln, folder, date = sys.argv[1:]

    def output(*arguments):
        return subprocess.run([kiln, *arguments], check=True, capture_output=True, text=True).stdout

    version = output("--version").split()[1]
    commands = [names for names, _ in Help(output("--help")).sections["Subcommands"]]
    pages = ["kiln"] + ["kiln-" + command for command in commands]
    for command in ["", *commands]:
        text = output(*filter(None, [command]), "--help")
        path = pathlib.Path(folder, ("kiln-" + command if command else "kiln") + ".1")
        path.write_text(page_of(command, text, pages, version, date), encoding="utf-8")


if __name__ == "__main__":
    main()
