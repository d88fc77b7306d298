"""What axe-core finds on a page that keeps people from using it: contrast, names, roles, the keyboard."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
SERIOUS = {"serious", "critical"}
# Whatever moves has half its colours, which axe would measure as contrast.
FINISH_ANIMATIONS = """() => document.getAnimations().forEach((animation) => {
  if (animation.effect.getComputedTiming().iterations === Infinity) animation.cancel();
  else animation.finish();
})"""
RUN = "() => axe.run(document, { resultTypes: ['violations'] }).then((found) => found.violations)"


def serious_findings(page: "Page") -> list[str]:
    """Return what is serious or critical, each with the elements it is about; nothing is good.

    The script is evaluated by the browser's own protocol, which the page's policy does not keep out.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate(FINISH_ANIMATIONS)
    return [
        f"{finding['id']}: {finding['help']} {[node['target'] for node in finding['nodes']]}"
        for finding in page.evaluate(RUN)
        if finding["impact"] in SERIOUS
    ]
