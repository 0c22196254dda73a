"""Causes in the layer network."""

from __future__ import annotations

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism, Remedy
from diagnostics.model.problem import Category

MECHANISMS = (
    Mechanism(
        id="pg-port-blocked-by-firewall",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.DB_CONNECTION,
        title="The way to the database's port is blocked",
        title_ru="Путь к порту базы заблокирован",
        summary="Packets to the DB port are dropped (security group change).",
        recognised_by=(
            "TCP SYN to db port unanswered (timeout, socket SYN_SENT), ping/other ports fine; DB up when "
            "probed locally. Refused = RST. Frozen postmaster = TCP connects."
        ),
        confusable_with=(
            "pg-server-down",
            "pg-postmaster-frozen",
            "tcp-port-filtered",
            "dns-server-unreachable",
        ),
        causes=(
            Edge(effect="db-pool-exhausted", probability=0.5),
            Edge(effect="db-unreachable", probability=0.97),
            Edge(effect="requests-fail", probability=0.8),
            Edge(effect="requests-slow", probability=0.5),
        ),
        detect=DETECTORS["pg-port-blocked-by-firewall"],
        prior=2.0,
        remedies=(
            Remedy(
                id="pg-port-blocked-by-firewall/1",
                title="Remove the rule",
                plan=("Remove the rule",),
            ),
        ),
        verification="connect < 50 ms",
        prevention="Firewall rules as code, with a connection test from the application's host after each change.",
    ),
    Mechanism(
        id="dns-name-not-found",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.NETWORK_TLS,
        title="A name does not exist in DNS",
        title_ru="Имени нет в DNS",
        summary="Name does not exist (typo, removed record).",
        recognised_by=(
            "getaddrinfo errno -2 in < 50 ms, authoritative NXDOMAIN; other names resolve through the same resolver."
        ),
        confusable_with=(
            "dns-server-unreachable",
            "db-url-wrong-host-or-port",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
            Edge(effect="db-unreachable", probability=0.3),
        ),
        detect=DETECTORS["dns-name-not-found"],
        prior=3.0,
        remedies=(
            Remedy(
                id="dns-name-not-found/1",
                title="Fix the record/name",
                plan=("Fix the record/name",),
            ),
        ),
        verification="resolves",
        prevention="Names from one source of configuration, and a resolution check at deploy.",
    ),
    Mechanism(
        id="dns-server-unreachable",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.NETWORK_TLS,
        title="The DNS resolver does not answer",
        title_ru="DNS-сервер не отвечает",
        summary="Resolver does not answer or SERVFAILs.",
        recognised_by=(
            "errno -3 EAI_AGAIN for EVERY external name; direct UDP query to the nameserver times out (10 s) "
            "or SERVFAIL (instant); IP-literal connects work."
        ),
        confusable_with=(
            "dns-name-not-found",
            "tcp-port-filtered",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
            Edge(effect="requests-slow", probability=0.5),
            Edge(effect="db-unreachable", probability=0.3),
        ),
        detect=DETECTORS["dns-server-unreachable"],
        prior=3.0,
        remedies=(
            Remedy(
                id="dns-server-unreachable/1",
                title="Fix resolver",
                plan=("Fix resolver",),
            ),
        ),
        verification="resolves < 50 ms",
        prevention="Two resolvers, a local cache, and a probe of resolution every minute.",
    ),
    Mechanism(
        id="external-connection-refused",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.EXTERNAL_SERVICE,
        title="An external service refuses connections",
        title_ru="Внешний сервис отказывает в соединении",
        summary="Partner host up, service port closed.",
        recognised_by="RST in one RTT on correct IP; other ports of that host answer; from elsewhere also refused.",
        confusable_with=(
            "tcp-port-filtered",
            "wrong-base-url-or-path",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["external-connection-refused"],
        prior=2.0,
        remedies=(
            Remedy(
                id="external-connection-refused/1",
                title="Partner",
                plan=(
                    "Partner",
                    "failover",
                ),
            ),
        ),
        verification="connect ok",
        prevention="A synthetic call to each partner every minute, and a circuit breaker with a fallback.",
    ),
    Mechanism(
        id="tcp-port-filtered",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.NETWORK_TLS,
        title="The way to a service is filtered",
        title_ru="Путь к сервису фильтруется",
        summary="Firewall drops SYNs to the partner.",
        recognised_by=(
            "SYN_SENT, no answer until connect timeout; DNS ok; RST never seen; other destinations fine; "
            "from another network ok."
        ),
        confusable_with=(
            "external-connection-refused",
            "external-api-slow",
            "dns-server-unreachable",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-slow", probability=0.7),
            Edge(effect="requests-fail", probability=0.7),
        ),
        detect=DETECTORS["tcp-port-filtered"],
        prior=3.0,
        remedies=(
            Remedy(
                id="tcp-port-filtered/1",
                title="Open the rule",
                plan=("Open the rule",),
            ),
        ),
        verification="connect < 50 ms",
        prevention="Egress rules as code, tested by a connection from the production network before use.",
    ),
    Mechanism(
        id="mtu-blackhole",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.NETWORK_TLS,
        title="Large packets are dropped",
        title_ru="Большие пакеты теряются",
        summary="Large packets are dropped (PMTU broken, VPN); small requests work.",
        recognised_by=(
            "small response 200 in ms, response > ~1.4 kB never completes; TCP established, bytes stuck; "
            "ping -M do -s 1472 fails."
        ),
        confusable_with=(
            "external-response-truncated",
            "external-api-slow",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.6),
            Edge(effect="requests-slow", probability=0.6),
        ),
        prior=1.0,
        remedies=(
            Remedy(
                id="mtu-blackhole/1",
                title="Fix MTU/MSS clamp",
                plan=("Fix MTU/MSS clamp",),
            ),
        ),
        verification="big response ok",
        prevention="ICMP fragmentation-needed let through, MSS clamping on tunnels, and a probe with large packets.",
    ),
    Mechanism(
        id="packet-loss-on-path",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.NETWORK_TLS,
        title="Packets are lost",
        title_ru="Теряются пакеты",
        summary="Packets are lost on the way, so TCP repeats them and everything takes longer.",
        recognised_by="Retransmissions per second are far above normal, connect times vary.",
        causes=(
            Edge(effect="requests-slow", probability=0.6),
            Edge(effect="external-call-slow", probability=0.5),
        ),
        detect=DETECTORS["packet-loss-on-path"],
        prior=1,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="packet-loss-on-path/1",
                title="Find the lossy link or interface",
                plan=(
                    "Find the lossy link or interface",
                    "route around it.",
                ),
            ),
        ),
        prevention="Retransmissions and packet loss by path in monitoring, with a second uplink.",
    ),
    Mechanism(
        id="tls-cert-expired",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.NETWORK_TLS,
        title="A TLS certificate has expired",
        title_ru="TLS-сертификат истёк",
        summary="Server certificate expired.",
        recognised_by=(
            "notAfter < now of leaf (or intermediate) AND our clock offset is ~0; from a second machine the same."
        ),
        confusable_with=(
            "host-clock-skew",
            "tls-unknown-ca",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["tls-cert-expired"],
        prior=3.0,
        remedies=(
            Remedy(
                id="tls-cert-expired/1",
                title="Renew",
                plan=("Renew",),
            ),
        ),
        verification="handshake ok",
        prevention="Automatic renewal (ACME) with an alert 21 days before expiry from a probe outside.",
    ),
    Mechanism(
        id="tls-cert-expires-soon",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.NETWORK_TLS,
        title="A TLS certificate expires soon",
        title_ru="TLS-сертификат скоро истечёт",
        summary="A certificate will run out within a day; nothing fails yet.",
        recognised_by="notAfter is less than a day away.",
        detect=DETECTORS["tls-cert-expires-soon"],
        prior=1,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="tls-cert-expires-soon/1",
                title="Renew it now and check why renewal did not happen.",
                plan=("Renew it now and check why renewal did not happen.",),
            ),
        ),
        prevention="Automatic renewal, and a look at why it has not happened yet.",
    ),
    Mechanism(
        id="tls-unknown-ca",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.NETWORK_TLS,
        title="The issuer of a certificate is not trusted",
        title_ru="Издатель сертификата не доверен",
        summary="Issuer not trusted (self-signed, corporate MITM proxy, missing intermediate/old CA bundle).",
        recognised_by=(
            "verify error 20/19/18 (issuer), dates and SAN fine; chain issuer is private/corporate; with the "
            "CA file it verifies."
        ),
        confusable_with=(
            "tls-cert-expired",
            "ca-bundle-path-missing",
            "proxy-misconfigured",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["tls-unknown-ca"],
        prior=3.0,
        remedies=(
            Remedy(
                id="tls-unknown-ca/1",
                title="Install CA",
                plan=("Install CA",),
            ),
        ),
        verification="handshake ok",
        prevention="The full chain served and checked from a clean machine after each renewal.",
    ),
    Mechanism(
        id="tls-hostname-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.NETWORK_TLS,
        title="A certificate is for another name",
        title_ru="Сертификат выдан на другое имя",
        summary="The certificate does not name the host that is called.",
        recognised_by="The handshake fails with a hostname mismatch; the certificate lists other names.",
        causes=(
            Edge(effect="external-call-fails", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["tls-hostname-mismatch"],
        prior=1,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="tls-hostname-mismatch/1",
                title="Call the name in the certificate, or issue one for this name.",
                plan=("Call the name in the certificate, or issue one for this name.",),
            ),
        ),
        prevention="A probe that verifies name and chain of each public name after each change.",
    ),
    Mechanism(
        id="tls-protocol-too-old",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.NETWORK_TLS,
        title="No common TLS protocol",
        title_ru="Нет общей версии TLS",
        summary="Peer supports only TLS 1.0/1.1 or no common cipher.",
        recognised_by=(
            "alert protocol version / handshake failure; with lower min version it connects; cert ok; "
            "OpenSSL major changed in deploy."
        ),
        confusable_with=("tls-plain-http-mismatch",),
        causes=(
            Edge(effect="external-call-fails", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["tls-protocol-too-old"],
        prior=1.0,
        remedies=(
            Remedy(
                id="tls-protocol-too-old/1",
                title="Upgrade peer",
                plan=("Upgrade peer",),
            ),
        ),
        verification="handshake ok",
        prevention="An inventory of partners' TLS versions, tested with the new OpenSSL before the image changes.",
    ),
    Mechanism(
        id="conntrack-table-full",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.HOST_ENVIRONMENT,
        title="The connection-tracking table is full",
        title_ru="Таблица conntrack заполнена",
        summary="nf_conntrack full: new connections are dropped silently.",
        recognised_by=(
            'nf_conntrack_count == max; kernel log "nf_conntrack: table full, dropping packet"; existing '
            "connections ok; both inbound and outbound new ones suffer."
        ),
        confusable_with=("tcp-port-filtered",),
        causes=(
            Edge(effect="external-call-fails", probability=0.6),
            Edge(effect="requests-slow", probability=0.6),
        ),
        detect=DETECTORS["conntrack-table-full"],
        prior=1.0,
        remedies=(
            Remedy(
                id="conntrack-table-full/1",
                title="Raise max / fewer flows",
                plan=("Raise max / fewer flows",),
            ),
        ),
        verification="count < 80 %",
        prevention="nf_conntrack_max sized for the connection rate, kept-alive connections, and an alert at 80 %.",
    ),
    Mechanism(
        id="db-tls-required-or-refused",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.DB_CONNECTION,
        title="TLS to the database is required or not offered",
        title_ru="TLS к базе обязателен или не поддерживается",
        summary=(
            "Client and server do not agree whether the session is encrypted: sslmode=require without TLS on "
            "the server, hostssl rules with a plain client, or a CA that is not there."
        ),
        recognised_by=(
            "server does not support SSL, but SSL was required; no pg_hba.conf entry for host …, no "
            "encryption (28000); root certificate file does not exist; certificate verify failed on the "
            "database's port; the password is right and the port is open."
        ),
        confusable_with=(
            "pg-hba-rejects-host",
            "db-password-wrong",
            "tls-unknown-ca",
            "tls-plain-http-mismatch",
        ),
        causes=(
            Edge(effect="db-unreachable", probability=0.95),
            Edge(effect="requests-fail", probability=0.9),
        ),
        detect=DETECTORS["db-tls-required-or-refused"],
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="db-tls-required-or-refused/1",
                title="Let client and server agree on TLS",
                plan=(
                    "Look at the end of the message: no encryption means that the client must send sslmode=require",
                    "SHOW ssl on the server; certificates and ssl=on when it must offer it",
                    "sslrootcert for verify-full",
                    "asyncpg takes ssl=, not sslmode",
                ),
            ),
        ),
        verification="pg_stat_ssl shows the application's sessions as wanted",
        prevention="sslmode=verify-full in every environment, with the provider's CA in the image.",
    ),
    Mechanism(
        id="tls-handshake-interrupted",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.NETWORK_TLS,
        title="TLS handshakes break off",
        title_ru="TLS-рукопожатия обрываются",
        summary=(
            "The connection ends during the handshake: a middlebox, a wrong SNI, an overloaded terminator or a timeout."
        ),
        recognised_by=(
            "SSL: UNEXPECTED_EOF_WHILE_READING, SSL_ERROR_SYSCALL, handshake operation timed out, or reset "
            "right after ClientHello; TCP connects; no certificate is ever shown (so not expired, CA or "
            "hostname); depends on network, SNI or size of the hello."
        ),
        confusable_with=(
            "tls-protocol-too-old",
            "external-connection-reset",
            "mtu-blackhole",
            "proxy-misconfigured",
            "tls-plain-http-mismatch",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.7),
        ),
        detect=DETECTORS["tls-handshake-interrupted"],
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="tls-handshake-interrupted/1",
                title="Find who ends the handshake",
                plan=(
                    "openssl s_client -connect host:443 -servername host from the host and from elsewhere",
                    "compare with and without proxy or VPN",
                    "check SNI, MTU and the size of ClientHello (post-quantum keys)",
                    "ask the operator of the middlebox or partner",
                ),
            ),
        ),
        verification="50 of 50 handshakes from the host succeed",
        prevention="A synthetic TLS probe for each partner from the production network.",
    ),
    Mechanism(
        id="idle-connection-dropped-by-middlebox",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.NETWORK_TLS,
        title="A firewall drops idle connections silently",
        title_ru="Межсетевой экран молча обрывает простаивающие соединения",
        summary=(
            "NAT, firewall or balancer forgets connections that were idle for minutes; the next use hangs or is reset."
        ),
        recognised_by=(
            "Only the first call after a quiet time fails or hangs (night, weekend), retries work; idle time "
            "above the box's limit (AWS NAT 350 s, Azure 240 s, others 15-60 min); both ends think that the "
            "connection is open; no restart of the server."
        ),
        confusable_with=(
            "keep-alive-race-with-balancer",
            "pg-restarted-stale-pool",
            "idle-session-timeout-kills-pooled",
            "external-connection-reset",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.6),
            Edge(effect="requests-slow", probability=0.4),
            Edge(effect="unhandled-exception", probability=0.5),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="idle-connection-dropped-by-middlebox/1",
                title="Keep connections alive or retire them earlier",
                plan=(
                    (
                        "TCP keepalives below the limit: keepalives_idle=60, keepalives_interval=10 in the "
                        "database URL, tcp_keepalive in clients"
                    ),
                    "pool_recycle or keepalive_expiry below the limit",
                    "pool_pre_ping",
                    "tcp_user_timeout so that a dead peer is noticed",
                ),
            ),
        ),
        verification="the first call after an idle time above the limit succeeds",
        prevention="Keepalives shorter than the shortest idle limit on the path, written beside it.",
    ),
    Mechanism(
        id="keep-alive-race-with-balancer",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.NETWORK_TLS,
        title="The server closes kept-alive connections before the balancer",
        title_ru="Сервер закрывает keep-alive раньше балансировщика",
        summary=(
            "The server's keep-alive timeout is shorter than that of the balancer or client, so a request "
            "now and then meets a connection that is just being closed."
        ),
        recognised_by=(
            "Rare 502 or RemoteDisconnected / Server disconnected without sending a response, independent of "
            "load, on reused connections only; the idle time is just about the server's keep-alive (uvicorn "
            "5 s, gunicorn 2 s); the application never saw the request."
        ),
        confusable_with=(
            "idle-connection-dropped-by-middlebox",
            "external-connection-reset",
            "graceful-shutdown-too-short",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.6),
            Edge(effect="external-call-fails", probability=0.4),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="keep-alive-race-with-balancer/1",
                title="Let the server keep connections longer than the balancer",
                plan=(
                    "Server keep-alive above the balancer's idle timeout (ALB 60 s: uvicorn --timeout-keep-alive 75)",
                    "as a client: keepalive_expiry below the server's",
                    "retry idempotent requests once",
                ),
            ),
        ),
        verification="no 502 on reused connections in a day",
        prevention="Keep-alive timeouts that grow towards the server, checked when a proxy is added.",
    ),
    Mechanism(
        id="http2-stream-refused",
        kind=Kind.CAUSE,
        layer=Layer.NETWORK,
        category=Category.NETWORK_TLS,
        title="HTTP/2 streams are refused or the connection is told to go away",
        title_ru="Потоки HTTP/2 отклоняются",
        summary=(
            "The peer resets streams or sends GOAWAY (too many concurrent streams, connection age, rapid "
            "resets), and the client does not open another connection."
        ),
        recognised_by=(
            "REFUSED_STREAM, ENHANCE_YOUR_CALM, GOAWAY, StreamReset, or gRPC UNAVAILABLE/RESOURCE_EXHAUSTED "
            "with these; only HTTP/2 or gRPC; the same call over HTTP/1.1 passes; concurrency above "
            "SETTINGS_MAX_CONCURRENT_STREAMS."
        ),
        confusable_with=(
            "external-connection-reset",
            "external-api-rate-limited",
            "keep-alive-race-with-balancer",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.8),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="http2-stream-refused/1",
                title="Fewer streams on a connection, and retry what was refused",
                plan=(
                    "Limit concurrency per connection below the peer's setting",
                    "retry REFUSED_STREAM: it was never processed",
                    "more channels for gRPC, keepalive pings not more often than the server permits",
                    "http2=False as a stopgap",
                ),
            ),
        ),
        verification="no reset stream at peak concurrency",
        prevention="A client limit below the peer's concurrent streams, and a load test over HTTP/2.",
    ),
)
