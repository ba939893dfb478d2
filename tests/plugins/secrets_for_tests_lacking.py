"""A secret provider whose extra is not installed."""

import no_such_package_of_an_extra  # type: ignore[import-not-found]

provider = no_such_package_of_an_extra.provider
