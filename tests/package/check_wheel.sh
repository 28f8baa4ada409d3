#!/bin/sh
# Builds sdist and wheel, checks their contents, installs the wheel into an empty environment, first
# without extras, and runs the commands. `sh tests/package/check_wheel.sh [PYTHON]`; continuous integration runs it by pytest.
set -eu

python=${1:-python3}
root=$(cd "$(dirname "$0")/../.." && pwd)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/pyproject.toml")
work=$(mktemp -d)
tried=
trap 'rm -rf "$work"' EXIT

# Build only from files that git tracks or would add, so that no others end up in the wheel.
(cd "$root" && git ls-files -z --cached --others --exclude-standard | xargs -0 tar -cf - 2>/dev/null) |
    tar -xf - -C "$work"
cd "$work"
"$python" -m build --outdir dist . >build.log 2>&1 || { cat build.log; exit 1; }
ls dist

# Wheel: every file of the packages, and the built core in place of its sources. Sdist: the sources too.
"$python" - "$root" <<'PY'
import subprocess, sys, tarfile, zipfile
from pathlib import Path
git = ["git", "-C", sys.argv[1], "ls-files", "--cached", "--others", "--exclude-standard"]
files = {name for name in subprocess.check_output(git, text=True).splitlines() if Path(name).is_file()}
packages = {name for name in files if name.startswith(("o365seg/", "annotate_app/", "benchmark/", "model/", "data_cards/"))}
sources = {name for name in packages if name.startswith("benchmark/native/")}
[wheel], [sdist] = Path("dist").glob("*.whl"), Path("dist").glob("*.tar.gz")
inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
built = {name for name in inside if name.startswith("benchmark/_native.") and not name.endswith(".pyi")}
assert len(built) == 1, built
assert inside - built == packages - sources, (inside - built) ^ (packages - sources)
with tarfile.open(sdist) as archive:
    shipped = {name.partition("/")[2] for name in archive.getnames()}
assert packages <= shipped, packages - shipped
assert "-cp311-abi3-" in wheel.name, wheel.name
assert built == {"benchmark/_native.abi3.so"} or sys.platform != "linux", built
size = sum(one.file_size for one in zipfile.ZipFile(wheel).infolist())
print(f"{wheel.name}: {wheel.stat().st_size:,} bytes, {len(inside)} files of {size:,} bytes, "
      f"the core {zipfile.ZipFile(wheel).getinfo(*built).file_size:,}; {sdist.name}: "
      f"{sdist.stat().st_size:,} bytes, {len(shipped)} files")
PY

# An empty environment gets the wheel and what it declares: links to the packages of PYTHON's own
# environment where that has them all, which takes seconds, else by pip.
install() {  # install EXTRA: '' for none
    "$python" - "$work/empty" "$1" <<'PY' || "$work/empty/bin/pip" --disable-pip-version-check install --quiet --quiet \
        --no-compile --constraint "$root/constraints.txt" "$(echo "$work"/dist/*.whl)${1:+[$1]}"
import sys
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path
try:
    from packaging.requirements import Requirement
except ImportError:
    sys.exit(1)
[site] = Path(sys.argv[1]).glob("lib/python*/site-packages")
[wheel] = distributions(name="o365seg", path=[str(site)])
todo, links = [(wheel, {sys.argv[2]})], {}
seen = set()
while todo:
    package, extras = todo.pop()
    for needed in map(Requirement, package.requires or ()):
        if needed.marker and not any(needed.marker.evaluate({"extra": one}) for one in extras):
            continue
        if (needed.name, frozenset(needed.extras)) not in seen:
            seen.add((needed.name, frozenset(needed.extras)))
            try:
                found = distribution(needed.name)
            except PackageNotFoundError:
                sys.exit(1)
            todo.append((found, needed.extras or {""}))
            tops = {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}
            links.update((site / top, Path(found.locate_file(top))) for top in tops)
for link, target in links.items():
    if not link.exists():
        link.symlink_to(target)
PY
    "$work/empty/bin/pip" --disable-pip-version-check check
}
"$python" -m venv empty
empty/bin/pip --disable-pip-version-check install --quiet --quiet --no-deps --no-index --no-compile dist/*.whl
install ''
mkdir elsewhere && cd elsewhere
bin=$work/empty/bin

for command in o365seg annotate-app benchmark dataseg; do
    "$bin/$command" --help >help.txt
    grep -q Usage help.txt
    test "$("$bin/$command" --version)" = "o365seg $version"
    bash -c "'$bin/$command' --show-completion; :" | grep -q "complete "  # it asks which shell calls
done
for line in "o365seg gallery" "o365seg card" "o365seg publish" "annotate-app demo" "benchmark evaluate" \
    "benchmark stats" "dataseg demo" "dataseg card" "dataseg train" "dataseg data check"; do
    "$bin"/$line --help >/dev/null
done

# The sdist builds where there is no compiler, too: without the core.
mkdir "$work/plain"
CC=/bin/false "$python" -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation \
    --wheel-dir "$work/plain" "$work"/dist/*.tar.gz >/dev/null
"$python" - "$work"/plain/*.whl <<'PY'
import sys, zipfile
assert not [name for name in zipfile.ZipFile(sys.argv[1]).namelist() if name.endswith(".so")]
PY

# The native core.
"$bin/python" -c "from benchmark import _native"

# Statistics, card and evaluation of a data set, without extras.
"$bin/python" - <<'PY'
import json
import numpy as np
from PIL import Image
from o365seg.formats.masks import encode_rle, rle_area
mask = np.zeros((48, 64), np.uint8)
mask[10:30, 10:40] = 1
rle = encode_rle(mask)
shape = {"size": list(rle.size), "counts": rle.counts}
record = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 30, 20], "iscrowd": 0,
          "area": rle_area(rle), "segmentation": shape}
image = {"id": 1, "width": 64, "height": 48, "file_name": "1.png"}
json.dump({"images": [image], "annotations": [record], "categories": [{"id": 1, "name": "cup"}]},
          open("set.json", "w"))
json.dump([{"image_id": 1, "category_id": 1, "score": 0.9, "segmentation": shape}], open("preds.json", "w"))
Image.new("RGB", (64, 48)).save("1.png")
PY

# One wheel for all Pythons: the same file in an empty environment of every other one from 3.11 on
# that is here. A plain evaluation needs no other package.
own=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
for other in /usr/bin/python3 python3.11 python3.12 python3.13 python3.14 "$HOME"/.pyenv/versions/*/bin/python; do
    found=$("$other" -c 'import sys, venv; sys.version_info >= (3, 11) and print("%d.%d" % sys.version_info[:2])' \
        2>/dev/null) || continue
    case " $own $tried " in *" $found "*) continue ;; esac
    [ -n "$found" ] || continue
    "$other" -m venv --without-pip "$work/other" 2>/dev/null || continue
    "$work/empty/bin/pip" --python "$work/other/bin/python" --disable-pip-version-check install --quiet --quiet \
        --no-deps --no-index "$work"/dist/*.whl
    "$work/other/bin/benchmark" evaluate preds.json --gt set.json | grep -q 100.00
    echo "Python $found takes the wheel, too"
    rm -r "$work/other"
    tried="$tried $found"
done

"$bin/o365seg" gallery set.json --images . --out gallery.html
"$bin/o365seg" publish set.json --out published
"$bin/benchmark" evaluate preds.json --gt set.json --report report.html --images . >numbers.txt
grep -q 100.00 numbers.txt

# Without its extra, a command prints one line that says what to install.
for line in "annotate-app demo new" "dataseg init tiny new.safetensors" "dataseg demo new.safetensors"; do
    if "$bin"/$line 2>said.txt; then echo "$line worked without its extra"; exit 1; fi
    grep -q "^error: this needs .* pip install 'o365seg\[[a-z]*\]'$" said.txt || { cat said.txt; exit 1; }
    test "$(wc -l <said.txt)" -eq 1
done

# With the extra `annotate`, the demo serves its sign-in page and the painter's files.
install annotate
"$bin/annotate-app" demo project --port 0 >served.txt 2>&1 &
served=$!
trap 'kill $served 2>/dev/null; rm -rf "$work"' EXIT
"$bin/python" - <<'PY'
import pathlib, re, sys, time, urllib.request
for _ in range(240):
    found = re.search(r"http://\S+?(?=/\s)", pathlib.Path("served.txt").read_text())
    if found:
        break
    time.sleep(0.25)
else:
    sys.exit("the demo does not start: " + pathlib.Path("served.txt").read_text())
page = urllib.request.urlopen(found[0] + "/login", timeout=20).read().decode()
assert 'type="password"' in page, page
PY
kill -INT $served
echo "the wheel is sound"
