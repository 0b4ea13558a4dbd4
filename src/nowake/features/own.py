"""What only we know: own fills, the queue we stand in, what dark pools answered, the state of venues, scored news."""

# mypy: disable-error-code="no-untyped-def"
from nowake.core.board import PlaceKind, PlaceState
from nowake.core.jit import inline, kernel
from nowake.features.decay import bring_forward

__all__ = ["dark_answer", "dark_markout", "hear_news", "own_fill", "set_queue", "venue_states"]

_LIT, _DEALER, _UP = int(PlaceKind.LIT), int(PlaceKind.DEALER), int(PlaceState.UP)
_FOREVER = 2**62


@kernel
def own_fill(features, i, time, side, quantity):
    """An own order got `quantity` at `time` (ns UTC): own volume, and from here on the move of the mid against us."""
    f = features[i]
    bring_forward(f, max(time, f.now))
    f.own += quantity
    f.own_weight += quantity
    f.own_signed += side * quantity
    f.own_pending += quantity


@kernel
def set_queue(features, i, ahead, own, behind):
    """Our resting order has `own` shares with `ahead` and `behind` around it; own 0: none rests."""
    f = features[i]
    f.queue_ahead, f.queue_own, f.queue_behind = ahead, own, behind


@kernel
def dark_answer(features, i, time, sent, filled):
    """A dark pool was offered `sent` shares and filled `filled` of them."""
    f = features[i]
    bring_forward(f, max(time, f.now))
    f.dark_sent += sent
    f.dark_done += filled


@kernel
def dark_markout(features, i, time, quantity, markout):
    """The mark-out of a dark fill of `quantity` shares is known: `markout` in bp, negative is adverse."""
    f = features[i]
    bring_forward(f, max(time, f.now))
    f.dark_weight += quantity
    f.dark_marked += quantity * markout


@kernel
def venue_states(f, board):
    """Count the venues of a BOARD row by kind, those that are up, and find the quietest lit one."""
    for k in range(3):
        f.kinds[k] = 0
        f.up[k] = 0
    f.quietest = _FOREVER
    for p in range(board.places):
        place = board.place[p]
        if _LIT <= place.kind <= _DEALER:
            f.kinds[place.kind - _LIT] += 1
            if place.state == _UP:
                f.up[place.kind - _LIT] += 1
                if place.kind == _LIT:
                    f.quietest = min(f.quietest, place.time)


@inline
def hear_news(f, news, t):
    """Take in every score of the NEWS array that is known by `t` (ns UTC)."""
    while f.news_next < news.shape[0] and news[f.news_next].known_at <= t:
        f.news_score = news[f.news_next].score
        f.news_at = news[f.news_next].known_at
        f.news_known = 1
        f.news_next += 1
