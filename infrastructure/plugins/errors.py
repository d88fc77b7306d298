"""What can be wrong with a package that offers action types."""

from domain.errors import EsteiraError


class PluginUnusable(EsteiraError):
    """A package with action types cannot be used: mend it, or uninstall it."""

    code = "plugin_unusable"

    def __init__(self, package: str, fault: str) -> None:
        super().__init__(f"The package {package} {fault}. Nothing is started with it: mend it, or uninstall it.")

    @property
    def for_operators(self) -> str:
        """The text, which names the cause already."""
        return self.detail
