"""What went wrong with a call, as the commands tell it."""

from esteira_client import EsteiraError

# Of those who have no API key, or one that is not good for the call.
REFUSALS = frozenset({"unauthorized", "scope_missing"})


class ApiProblem(Exception):
    """A call failed. `outage` means that other calls would fail as well; a silent server was asked for a while."""

    def __init__(self, code: str, detail: str, *, outage: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.outage = outage


def problem_of(error: EsteiraError) -> ApiProblem:
    """Return the client's error as a problem."""
    return ApiProblem(error.code, error.detail, outage=error.is_outage)


def about_key(problem: ApiProblem, *, server: str, has_key: bool) -> ApiProblem:
    """Say of a refusal where these commands take their API key from; other problems stay as they are."""
    if problem.code not in REFUSALS:
        return problem
    sentence = f"{problem.detail} These commands send the one in ESTEIRA_API_KEY."
    if not has_key:
        sentence = f"The server at {server} needs an API key: put one into ESTEIRA_API_KEY."
    return ApiProblem(problem.code, sentence, outage=True)
