"""registry_pip.py - pip that asks the registry alone and prepares wheels alone

    python3 -I registry_pip.py INDEX ARGUMENTS-OF-PIP…

INDEX is the address of the registry's index or the path of a folder of wheels. What pip offers for
this, --only-binary, does not cover what a wheel requires by an address, so four checks are put into
pip, each before anything is fetched:

    requirement   `name @ address` in a wheel's metadata is refused
    link          what is fetched for a package is a wheel on a host of the registry
    request       none goes to another host than the registry's; a redirect is a request
    source        an archive of sources is never prepared: its build backend would run

The messages hold names of packages and nothing else that a package or a server chose. A pip that
lacks one of the places that are changed here ends with a traceback: nothing is fetched unchecked.
"""
import sys
import urllib.parse

import pip._internal.distributions.sdist as sdist
import pip._internal.index.package_finder as package_finder
import pip._internal.network.session as session
import pip._internal.operations.prepare as prepare
import pip._internal.req.constructors as constructors
from pip._internal.exceptions import InstallationError
from pip._internal.models.index import PyPI

ALONE = "packages come from the registry alone"


def origin(address):
    """(scheme, host, port), or None of what is no address of a web server."""
    try:
        parts = urllib.parse.urlsplit(address)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        return (parts.scheme, parts.hostname.rstrip(".").lower(), port)
    except (AttributeError, KeyError, ValueError):
        return None


def public_files(index):
    """Where the public index has its files, as pip itself knows it."""
    public = origin(index) == origin(PyPI.simple_url)
    return {origin("https://" + PyPI.file_storage_domain)} if public else set()


class Registry:
    """Replaces pip's functions by ones that check first."""

    def __init__(self, index):
        self.folder = index.startswith("/")
        self.hosts = set() if self.folder else {origin(index)} | public_files(index)
        self.package = "a package"	# that pip works on

    def holds(self, address):
        return origin(address) is not None and origin(address) in self.hosts

    def refuse(self, name, what):
        raise InstallationError(f"{name}: {what}; {ALONE}")

    def requirement(self, pips):
        def checked(req_string, comes_from=None, *args, **more):
            made = pips(req_string, comes_from, *args, **more)
            if made.link is not None or made.req.url:
                self.refuse(getattr(comes_from, "name", None) or self.package, f"requires {made.req.name} by an address")
            return made
        return checked

    def candidates(self, pips):
        def checked(finder, project_name):
            self.package = project_name
            return pips(finder, project_name)
        return checked

    def link(self, pips):
        def checked(preparer, req, *args, **more):
            self.package = req.name or self.package
            if not req.is_wheel or req.editable:
                self.refuse(self.package, "is no wheel")
            if not (self.folder if req.link.is_file else self.holds(req.link.url)):
                self.refuse(self.package, "its file is on another host")
            return pips(preparer, req, *args, **more)
        return checked

    def request(self, pips):
        def checked(this, request, **more):
            if not self.holds(request.url):
                self.refuse(self.package, "a request leads to another host")
            return pips(this, request, **more)
        return checked

    def source(self, pips):
        def checked(this, *args, **more):
            self.refuse(this.req.name or self.package, "is no wheel")
        return checked

    def watch(self):
        change(constructors, "install_req_from_req_string", self.requirement)
        change(package_finder.PackageFinder, "find_all_candidates", self.candidates)
        change(prepare.RequirementPreparer, "prepare_linked_requirement", self.link)
        change(session.PipSession, "send", self.request)
        change(sdist.SourceDistribution, "prepare_distribution_metadata", self.source)


def change(of, name, make):
    setattr(of, name, make(getattr(of, name)))


def main():
    registry = Registry(sys.argv[1])
    registry.watch()
    from pip._internal.cli.main import main as pip_main	# it takes the functions from where they were changed
    return pip_main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
