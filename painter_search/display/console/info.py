"""The result of `info`: the installation, and the folders in use."""

from __future__ import annotations

from painter_search.analysis.info import Info
from painter_search.display.console.tables import new_table, print_json, show


def show_info(info: Info, *, as_json: bool = False) -> None:
    """Print versions, devices, extras and folders."""
    if as_json:
        print_json(info)
        return
    here = info.installation
    show(f"painter_search {here.painter_search}, Python {here.python}, {here.system}")
    show(f"Cores: {here.cores}. GPU: {here.accelerator}.")
    show("Packages: " + ", ".join(f"{name} {version}" for name, version in here.packages.items()))
    table = new_table("Extras", "extra", "state", "purpose", "packages")
    for column in table.columns:
        column.justify = "left"
    for extra in here.extras:
        state = "installed" if extra.complete else "missing"
        packages = [f"{name} {version}" for name, version in extra.installed.items()]
        packages += [f"{name} missing" for name in extra.missing]
        table.add_row(extra.name, state, extra.purpose, ", ".join(packages))
    show(table)
    show('A missing extra is installed with: pip install ".[NAME]"')
    show(f"Collection: {info.collection}")
    show(f"Runs: {', '.join(info.runs) or 'none'}")
    show(f"Index: {info.index}")
    for name, path in info.paths.items():
        show(f"{name}: {path}")
