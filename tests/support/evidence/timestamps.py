"""A time stamp authority of openssl's, behind real HTTP: another implementation than the client's."""

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

OPENSSL: Final = shutil.which("openssl")

_CONFIG: Final = """
[req]
distinguished_name = dn
x509_extensions = v3_ca
prompt = no
[dn]
CN = {name}
[v3_ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[v3_tsa]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


class LocalAuthority:
    """An authority with a root of its own; `faults` are bodies or statuses that it answers first, in turn."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = ""
        self.roots = folder / "root.pem"
        self.faults: list[bytes | int] = []
        self.asked = 0

    async def make(self, name: str = "root of a test") -> None:
        """Make root, certificate and key."""
        self._folder.mkdir(exist_ok=True)
        at = str(self._folder)
        (self._folder / "openssl.cnf").write_text(_CONFIG.format(folder=at, name=name))
        (self._folder / "serial").write_text("01")
        new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", f"{at}/openssl.cnf")
        await openssl("req", "-x509", *new_key, "-keyout", f"{at}/root.key", "-out", f"{at}/root.pem", "-days", "2")
        await openssl("req", "-new", *new_key, "-keyout", f"{at}/tsa.key", "-out", f"{at}/tsa.csr", "-subj", "/CN=tsa")
        signing = ("-CA", f"{at}/root.pem", "-CAkey", f"{at}/root.key", "-set_serial", "7", "-days", "2")
        extensions = ("-extfile", f"{at}/openssl.cnf", "-extensions", "v3_tsa")
        await openssl("x509", "-req", "-in", f"{at}/tsa.csr", *signing, *extensions, "-out", f"{at}/tsa.pem")

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a time stamp query."""
        self.asked += 1
        if self.faults:
            fault = self.faults.pop(0)
            return web.Response(status=fault) if isinstance(fault, int) else web.Response(body=fault)
        query, reply = self._folder / "query", self._folder / "reply"
        query.write_bytes(await request.read())
        config = ("-config", str(self._folder / "openssl.cnf"), "-section", "one")
        await openssl("ts", "-reply", *config, "-queryfile", str(query), "-out", str(reply))
        return web.Response(body=reply.read_bytes(), content_type="application/timestamp-reply")

    async def verify(self, content: bytes, response: bytes) -> str:
        """What openssl says of a response for this content."""
        (self._folder / "content").write_bytes(content)
        (self._folder / "response").write_bytes(response)
        files = ("-data", str(self._folder / "content"), "-in", str(self._folder / "response"))
        return await openssl("ts", "-verify", *files, "-CAfile", str(self.roots))


@asynccontextmanager
async def a_local_authority(folder: Path) -> AsyncGenerator[LocalAuthority]:
    """An authority that answers until the block ends."""
    authority = LocalAuthority(folder)
    await authority.make()
    application = web.Application()
    application.router.add_post("/", authority.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    authority.address = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield authority
    await runner.cleanup()


async def openssl(*arguments: str) -> str:
    """Run openssl; what it says. Fails if it does."""
    assert OPENSSL is not None
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(OPENSSL, *arguments, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()
