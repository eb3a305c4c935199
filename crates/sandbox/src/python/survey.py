# Says what an interpreter is, and where the files of packages lie: those named, and all that they require.
import importlib.metadata as metadata, json, os, re, sys

if sys.version_info < (3, 10):
    sys.exit("Python %d.%d is too old: 3.10 is the oldest that programs are tested with" % sys.version_info[:2])


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def tops(name, distribution):
    """Returns the files and folders of a package; a system's package may not list them."""
    if distribution.files:
        return {file.parts[0] for file in distribution.files} - {"..", "__pycache__"}
    modules = (distribution.read_text("top_level.txt") or name).split()
    return {top for module in modules for top in (module, module + ".py")}


wanted = [normal(name) for name in sys.argv[1:]]
open_names, found, paths = list(wanted), {}, {}
while open_names:
    name = open_names.pop()
    if name in found:
        continue
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        if name in wanted:
            sys.exit("the package `%s` is not installed for %s: install it there, or name another `python`" % (
                name, sys.executable))
        # Required by an extra, or for another system.
        continue
    found[name] = distribution.version
    for top in tops(name, distribution):
        place = os.path.realpath(os.path.join(str(distribution.locate_file("")), top))
        if os.path.exists(place):
            paths[top] = place
    for requirement in distribution.requires or []:
        if "extra ==" not in requirement:
            open_names.append(normal(re.split(r"[^A-Za-z0-9._-]", requirement.strip(), maxsplit=1)[0]))
modules = sorted(
    top.removesuffix(".py") for top in paths
    if (top.endswith(".py") or os.path.isdir(paths[top]) and not top.endswith((".dist-info", ".egg-info", ".libs")))
    and top.removesuffix(".py").replace("-", "_") in {name.replace("-", "_") for name in wanted})
try:
    from sqlite3 import sqlite_version
except ImportError:
    sqlite_version = None
print(json.dumps({
    "sqlite": sqlite_version,
    "executable": os.path.realpath(sys.executable),
    "prefix": os.path.realpath(sys.base_prefix),
    "implementation": sys.implementation.name,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "packages": found,
    "paths": sorted(paths.items()),
    "modules": modules,
}))
