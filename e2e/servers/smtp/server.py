"""A mail server that wants STARTTLS and a password, and keeps what it takes in a maildir.

usage: server.py PORT CERTIFICATE KEY USER PASSWORD-FILE MAILDIR
"""

import asyncio
import hmac
import ssl
import sys

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP, AuthResult


def main(port, certificate, key, user, password_file, maildir):
    with open(password_file, encoding="utf-8") as f:
        password = f.read().strip()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    def authenticate(server, session, envelope, mechanism, data):
        # The types of data for the mechanisms that aiosmtpd knows: PLAIN and LOGIN.
        ok = data.login == user.encode() and hmac.compare_digest(data.password, password.encode())
        return AuthResult(success=ok, handled=False)

    async def serve():
        handler = Mailbox(maildir)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(
                handler,
                hostname="localhost",
                tls_context=context,
                require_starttls=True,
                auth_required=True,
                authenticator=authenticate,
            ),
            "127.0.0.1",
            int(port),
        )
        await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    main(*sys.argv[1:])
