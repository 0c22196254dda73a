"""E-mail: one message a change; those of one incident make one thread."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime

from diagnostics.errors import DeliveryError
from diagnostics.integrations.calls import SECONDS
from diagnostics.integrations.message import Message, message_of
from diagnostics.model.alert import AlertChange, MonitoringAlert
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.redaction import redact


class EmailChannel:
    """Sends through one SMTP server.

    Args:
        host: Of the server.
        port: 465 speaks TLS from the start; on others STARTTLS is used, and demanded when there is a password.
        sender: Address of the sender.
        recipients: Addresses.
        user: For signing in; None when the server asks for none.
        password: For signing in.
        source: What is watched.
        name: Unique among the channels.
        context: TLS settings; the system's trust when not given.
        clock: Source of the date.
    """

    def __init__(
        self,
        host: str,
        port: int = 587,
        *,
        sender: str,
        recipients: Sequence[str],
        user: str | None = None,
        password: str | None = None,
        source: str = "backend",
        name: str = "email",
        context: ssl.SSLContext | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.name = name
        self._host, self._port = host, port
        self._sender, self._recipients = sender, list(recipients)
        self._user, self._password = user, password
        self._source = source
        self._context = context
        self._clock = clock

    def send(self, alert: MonitoringAlert, /) -> None:
        """Send one mail.

        Raises:
            DeliveryError: It was not taken; retryable unless the server's answer is final (5xx).
        """
        mail = self._mail(message_of(alert, self._source), alert)
        try:
            with self._connected() as server:
                refused = server.send_message(mail)
        except smtplib.SMTPNotSupportedError as error:
            raise DeliveryError(
                f"{self._host}: the server offers no TLS, and a password is not sent without it.", retryable=False
            ) from error
        except smtplib.SMTPRecipientsRefused as error:
            final = all(code >= 500 for code, _ in error.recipients.values())
            raise DeliveryError(f"{self._host} refused every recipient.", retryable=not final) from error
        except smtplib.SMTPResponseException as error:
            said = redact(_text(error.smtp_error))
            raise DeliveryError(
                f"{self._host} answered {error.smtp_code}: {said}", retryable=error.smtp_code < 500
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError(f"{self._host}: {type(error).__name__}: {redact(str(error))}") from error
        if refused:
            raise DeliveryError(f"{self._host} refused {len(refused)} of the recipients.", retryable=False)

    def _connected(self) -> smtplib.SMTP:
        context = self._context or ssl.create_default_context()
        if self._port == 465:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=SECONDS)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
            elif self._password is not None:
                server.close()
                raise smtplib.SMTPNotSupportedError("no STARTTLS")
        if self._user is not None and self._password is not None:
            server.login(self._user, self._password)
        return server

    def _mail(self, told: Message, alert: MonitoringAlert) -> EmailMessage:
        mail = EmailMessage()
        domain = self._sender.rpartition("@")[2] or "localhost"
        first = f"<{told.key}-fired@{domain}>"
        mail["From"] = self._sender
        mail["To"] = ", ".join(self._recipients)
        mail["Subject"] = " ".join(told.title.split())
        mail["Date"] = format_datetime(self._clock.now())
        mail["Message-ID"] = f"<{told.event}@{domain}>"
        if alert.change is not AlertChange.FIRED:
            mail["In-Reply-To"] = mail["References"] = first
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        mail["X-Priority"] = "1" if told.is_open and alert.severity.value == "CRITICAL" else "3"
        lines = [told.text, "", *(f"{name}: {value}" for name, value in told.fields), "", f"Began: {told.began}"]
        mail.set_content("\n".join(lines))
        return mail


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
