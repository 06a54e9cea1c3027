"""A real SFTP server on loopback that lets one user in by password: asyncssh's.

`sftp_server.py password|keyboard-interactive FOLDER USER PASSWORD`, by the one method of authentication alone. It says its port and
the fingerprint of its key in a line, and ends when its standard input does.
"""

import asyncio
import sys

import asyncssh

METHOD, FOLDER, USER, PASSWORD = sys.argv[1:]


class Server(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return METHOD == "password"

    def validate_password(self, username, password):
        return (username, password) == (USER, PASSWORD)

    def kbdint_auth_supported(self):
        return METHOD == "keyboard-interactive"

    def get_kbdint_challenge(self, username, lang, submethods):
        return "", "Who are you?", "", [("Password: ", False)]

    def validate_kbdint_response(self, username, responses):
        return (username, list(responses)) == (USER, [PASSWORD])


async def main():
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.create_server(
        Server,
        "127.0.0.1",
        0,
        server_host_keys=[key],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=FOLDER),
    )
    print(server.get_port(), key.get_fingerprint(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
