"""Scrapes channels of a video site: an example of an action type in a package of its own."""

from pydantic import Field

from esteira_actions import Action, Failed, Params, Run


class Channels(Params):
    """Which channels to look at."""

    channels: list[str] = Field(default=["news", "science", "music"], min_length=1, max_length=100)


def scrape(params: Channels, run: Run) -> dict[str, object]:
    """Look at one channel after the other."""
    found = []
    for number, channel in enumerate(params.channels):
        run.progress(number / len(params.channels), f"{number} of {len(params.channels)} channels")
        found.append(look_at(channel))
    return {"channels": found}


def look_at(channel: str) -> dict[str, object]:
    """Stand in for the scraping."""
    if not channel.isalnum():
        raise Failed("no_such_channel", "There is no such channel: names have letters and digits alone.")
    return {"channel": channel, "videos": len(channel)}


action = Action(
    name="scrape_channels", params=Channels, run=scrape, prefix="/api/v1/tubehunt/scrape-channels", timeout_seconds=600
)
