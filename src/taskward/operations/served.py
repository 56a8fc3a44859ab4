"""What a worker of `serve` serves: the whole application, observed. A module of its own, because importing it is most
of a start, which a worker does before it is told with what."""

from taskward.app import create_app
from taskward.operations.exposition import observe
from taskward.operations.worker import Application
from taskward.resources.news import News
from taskward.settings import Settings


def application(settings: Settings, news: News) -> Application:
    return create_app(settings, observe=observe, news=news)
