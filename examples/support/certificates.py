"""Certificates for the loopback services: good ones, and each of the usual bad ones."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KINDS = ("valid", "ends_this_month", "expired", "not_yet_valid", "wrong_host", "self_signed", "unknown_ca")

_DAY = timedelta(days=1)


def write_certificates(folder: Path) -> dict[str, Path]:
    """Write one PEM file for each kind, and `ca.pem` to be trusted; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    authority, stranger = _Authority("Loopback Test CA"), _Authority("Somebody Else's CA")
    paths = {"ca": folder / "ca.pem"}
    paths["ca"].write_bytes(_pem(authority.certificate))
    good = ["localhost", "127.0.0.1"]
    now = datetime.now(UTC)
    made = {
        "valid": _leaf(authority, good, now - _DAY, now + 90 * _DAY),
        "ends_this_month": _leaf(authority, good, now - 65 * _DAY, now + 25 * _DAY),
        "expired": _leaf(authority, good, now - 90 * _DAY, now - _DAY / 24),
        "not_yet_valid": _leaf(authority, good, now + _DAY, now + 90 * _DAY),
        "wrong_host": _leaf(authority, ["calendar.example.org"], now - _DAY, now + 90 * _DAY),
        "self_signed": _leaf(None, good, now - _DAY, now + 90 * _DAY),
        "unknown_ca": _leaf(stranger, good, now - _DAY, now + 90 * _DAY),
    }
    for kind, content in made.items():
        paths[kind] = folder / f"{kind}.pem"
        paths[kind].write_bytes(content)
        paths[kind].chmod(0o600)
    return paths


class _Authority:
    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        self.certificate = (
            _builder(self.name, self.name, self.key, now - 365 * _DAY, now + 365 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )


def _leaf(authority: _Authority | None, hosts: list[str], since: datetime, until: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    issuer, signer = (authority.name, authority.key) if authority else (subject, key)
    certificate = (
        _builder(subject, issuer, key, since, until)
        .add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return _pem(certificate) + private


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
