#!/usr/bin/env bash
# The whole pipeline on the built-in sample: prepare, train, build-index, eval-triplets, query. A minute or so on
# two cores without a GPU, once installed. Where Debian's package gcompris-qt-data is installed, a print photographed on
# a wall is asked about among twenty paintings, too. Everything is written into demo/. In a terminal it ends by offering
# the served page; --no-browser prints its address and opens nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/environment.sh
source scripts/environment.sh backbone,serve

bold='' plain=''
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] && bold=$'\033[1m' plain=$'\033[0m'
step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

step "1. Prepare the built-in sample (public-domain clip art by named artists)"
python -m painter_search.prepare --out demo/data --test-triplets 1

step "2. Train on artists who are not tested"
echo "Backbone: EfficientNet-Lite0, whose ImageNet weights come in its package (the default, ResNet-34, would download"
echo "its own and takes longer without a GPU). For so few pictures the new layer as it is fitted at first does best on"
echo "validation artists; more epochs than two, and fine-tuning, change nothing here."
if [ -f demo/runs/demo/score.json ]; then
  echo "demo/runs/demo is already trained; delete the folder demo to start over."
else
  resume=""
  [ -f demo/runs/demo/config.json ] && resume="--resume"
  python -m painter_search.train --data demo/data --runs demo/runs --backbone tf_efficientnet_lite0 \
    --epochs 2 --finetune-epochs 0 --name demo $resume
fi

step "3. Index the paintings of the test artists with the untrained and the trained encoder"
python -m painter_search.build-index --quiet --data demo/data --encoder demo/runs/demo/epoch_00.safetensors \
  --index demo/untrained &
untrained=$!
python -m painter_search.build-index --data demo/data --encoder demo/runs/demo/best.safetensors --index demo/index
wait "$untrained"

step "4. How good is it, before and after?"
python -m painter_search.eval-triplets --triplets demo/data/test_triplets_with_labels.csv \
  --index demo/index --baseline demo/untrained

step "5. Query three pictures that are not in the index"
queries=$(python -c "from painter_search.collection.sample import SAMPLE; print(SAMPLE / 'queries')")
python -m painter_search.query "$queries" --crop none --index demo/index --page demo/answer.html

index=demo/index
answers=demo/answer.html
puzzles=/usr/share/gcompris-qt/rcc/paintings.rcc
if [ -f "$puzzles" ]; then
  step "6. Ask about a print photographed on a wall, among twenty paintings, with the encoder that comes with the package"
  rm -rf demo/paintings
  python scripts/build_sample.py --rcc "$puzzles" --paintings demo/paintings --photograph "demo/print on a wall.jpg"
  index=demo/index-of-paintings
  answers="demo/paintings.html and $answers"
  python -m painter_search.build-index --folder demo/paintings --index "$index"
  python -m painter_search.query "demo/print on a wall.jpg" --index "$index" --page demo/paintings.html
fi

step "Now open $answers in a browser, demo/index/index.html and demo/runs/demo/report.html"
serve=(python -m painter_search.serve --index "$index" --port 0)
if [ "${1:-}" = --no-browser ] || { [ "$(uname)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; }; then
  serve+=(--no-browser)
fi
reply=n
if [ -t 0 ] && [ -t 1 ] && [ -z "${CI:-}" ]; then
  read -rp "Or ask about paintings of your own on a page in the browser, now? [y/N] " reply
fi
case "$reply" in
  [yY]*) exec "${serve[@]}" ;;
  *) echo "Your own paintings, on a page in the browser: source $bin/activate && ${serve[*]}" ;;
esac
