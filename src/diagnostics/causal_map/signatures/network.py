"""Texts of DNS, the TCP path, proxies and TLS."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table(
    {
        "dns-name-not-found": [
            (r"Name or service not known|\[Errno -2\]", 4.0),
            (r"nodename nor servname provided", 4.0),
            (r"No address associated with hostname|\[Errno -5\]", 4.0),
            (r"NXDOMAIN", 5.0),
            (r"getaddrinfo failed|\[Errno 11001\]|EAI_NONAME|ENOTFOUND", 3.5),
            (r"NameResolutionError", 2.0),
            (r"Could not resolve host|could not translate host name", 2.5),
        ],
        "dns-server-unreachable": [
            (r"Temporary failure in name resolution|\[Errno -3\]", 5.0),
            (r"SERVFAIL|EAI_AGAIN|no servers could be reached", 5.5),
            (r"NoNameservers|DNS (?:query|lookup|operation) timed? ?out|LifetimeTimeout", 5.0),
            (r"lookup \S{1,80} on \S{1,60}: (?:i/o timeout|read udp)", 5.0),
        ],
        "external-connection-refused": [
            (
                r"(?:httpx\.ConnectError|ClientConnectorError|NewConnectionError|ConnectionRefusedError).{0,200}Connection refused",
                2.2,
            ),
            (r"\[Errno 111\]|ECONNREFUSED", 1.2),
            (r"Connection refused", 0.8),
            (r"Connect call failed", 1.0),
        ],
        "tcp-port-filtered": [
            (r"ConnectTimeout(?:Error)?\b", 3.0),
            (r"No route to host|\[Errno 113\]|EHOSTUNREACH", 4.5),
            (r"Network is unreachable|\[Errno 101\]|ENETUNREACH", 4.0),
            (r"Connection timed out|\[Errno 110\]|ETIMEDOUT", 2.5),
            (r"Connection to \S{1,120} timed out\. \(connect timeout", 3.0),
            (r"icmp_seq.{0,60}(?:administratively|unreachable|prohibited)", 4.0),
        ],
        "packet-loss-on-path": [(r"\d{1,2}% packet loss", 4.5), (r"retransmit\w*|TCPLostRetransmit", 3.0)],
        "mtu-blackhole": [
            (r"frag(?:mentation)? needed|need to frag|Message too long|EMSGSIZE", 5.0),
            (r"Read timed out", 0.4),
        ],
        "tls-cert-expired": [
            (r"certificate has expired", 5.5),
            (r"CERT_HAS_EXPIRED|certificate (?:is )?expired|x509: certificate has expired", 6.0),
        ],
        "tls-unknown-ca": [
            (r"unable to get (?:local )?issuer certificate", 6.0),
            (r"self[- ]signed certificate", 6.0),
            (
                r"unable to verify the first certificate|unknown ca\b|certificate signed by unknown authority|TLSV1_ALERT_UNKNOWN_CA",
                6.0,
            ),
            (r"CERTIFICATE_VERIFY_FAILED", 2.0),
        ],
        "tls-hostname-mismatch": [
            (
                r"Hostname mismatch|doesn't match (?:either of )?'|certificate is not valid for|IP address mismatch",
                6.0,
            ),
            (r"server certificate for .{0,80}does not match host name", 5.0),
            (r"UNRECOGNIZED_NAME|unrecognized name", 5.0),
        ],
        "tls-plain-http-mismatch": [
            (r"WRONG_VERSION_NUMBER|wrong version number", 5.5),
            (r"RECORD_LAYER_FAILURE|HTTP_REQUEST|plain HTTP request was sent to HTTPS port", 5.5),
            (r"packet length too long|Client sent an HTTP request to an HTTPS server", 5.0),
            (r"Invalid HTTP request received", 2.0),
        ],
        "tls-protocol-too-old": [
            (r"TLSV1_ALERT_PROTOCOL_VERSION|tlsv1 alert protocol version", 6.0),
            (r"UNSUPPORTED_PROTOCOL|unsupported protocol\b", 5.0),
            (r"NO_SHARED_CIPHER|no shared cipher|NO_CIPHERS_AVAILABLE", 5.5),
            (r"SSLV3_ALERT_HANDSHAKE_FAILURE|sslv3 alert handshake failure|HANDSHAKE_FAILURE", 4.0),
            (r"DH_KEY_TOO_SMALL|EE_KEY_TOO_SMALL|CA_MD_TOO_WEAK|UNSAFE_LEGACY_RENEGOTIATION", 5.5),
        ],
        "tls-handshake-interrupted": [
            (r"UNEXPECTED_EOF_WHILE_READING|EOF occurred in violation of protocol", 3.0),
            (r"handshake (?:operation )?timed out|TLS handshake timeout", 3.5),
        ],
        "proxy-misconfigured": [
            (r"ProxyError|Unable to connect to proxy|Cannot connect to proxy", 6.0),
            (r"Tunnel connection failed|407 Proxy Authentication", 6.0),
            (r"ClientHttpProxyError|ClientProxyConnectionError|ProxyConnectionError", 6.0),
            (r"Missing dependencies for SOCKS support|Unknown scheme for proxy URL|Proxy URL", 5.0),
        ],
        "ipv6-localhost-preferred": [
            (r"connection to server at \"localhost\" \(::1\)", 3.5),
            (r"Connect call failed \(\'::1\', \d+", 3.5),
            (r"connect\w* (?:to )?\[::1\]", 2.5),
        ],
        "idle-connection-dropped-by-middlebox": [
            (r"could not receive data from server: Connection timed out", 4.5),
            (r"SSL SYSCALL error: (?:Connection timed out|Connection reset)", 4.0),
            (r"SSL SYSCALL error: EOF detected", 2.5),
            (r"keepalives? (?:timeout|failed)", 3.0),
        ],
        "keep-alive-race-with-balancer": [
            (r"upstream prematurely closed connection", 2.5),
            (r"recv\(\) failed \(104: Connection reset by peer\)", 1.0),
        ],
        "http2-stream-refused": [(r"REFUSED_STREAM|GOAWAY|StreamReset|ConnectionTerminated error_code", 4.0)],
    }
)

STORIES = table(
    {
        "dns-name-not-found": [
            (
                r"typo in .{0,20}(?:host|name|domain)|(?:host ?name|domain|dns record|cname|a record) .{0,30}(?:removed|deleted|renamed|expired|does not exist|missing)",
                3.5,
            ),
            (
                r"(?:домен|имя хоста|dns[- ]запис)\w* .{0,30}(?:удал|не существ|истёк|истек|не резолв|опечатк)\w*|не резолвится",
                3.0,
            ),
        ],
        "dns-server-unreachable": [
            (
                r"dns\b|resolv(?:er|\.conf|e|ing)|nameservers?|coredns|lookups? (?:take|time|fail|slow)\w*|резолв\w*|днс\b",
                3.2,
            ),
            (r"(?:no|all) (?:host )?names? (?:can be )?resolv\w*|resolv\w* (?:nothing|no host)", 2.0),
        ],
        "tcp-port-filtered": [
            (
                r"firewall|iptables|egress|(?:network|security) (?:team|group|policy|rules?|change)|vpn|routing|route\b",
                2.0,
            ),
            (r"фаервол|файрвол|сетев\w* (?:правил|политик|команд|экран)\w*|маршрут\w*|впн", 2.0),
            (r"no longer reachable|not reachable|unreachable|недоступ\w* (?:хост|порт|адрес)\w*", 1.0),
        ],
        "packet-loss-on-path": [(r"packet loss|mtr\b|потер\w* пакетов|lossy", 4.5)],
        "mtu-blackhole": [
            (r"mtu|mss\b|pmtu|fragment\w*", 5.0),
            (
                r"(?:small|short|login|tiny) .{0,30}(?:works?|ok|fine|pass|through).{0,60}(?:large|big|long|upload)\w* .{0,30}(?:hang|stuck|stall|time|freez)\w*",
                3.5,
            ),
            (
                r"(?:large|big) .{0,30}(?:hang|stuck|stall)\w*|(?:больш|крупн)\w* .{0,40}(?:вис|завис|таймаут)\w*|маленьк\w* .{0,30}проход\w*",
                2.5,
            ),
            (r"vpn|wireguard|tunnel|gre\b|ipsec", 1.0),
        ],
        "tls-cert-expired": [
            (
                r"cert(?:ificate)?s? .{0,30}(?:expir|renew|ran out|outdated)\w*|сертификат\w* .{0,20}(?:истёк|истек|просроч|продл|закончил)\w*|(?:истёк|истек|просроч)\w* сертификат\w*|certbot|let'?s encrypt",
                4.0,
            ),
        ],
        "tls-unknown-ca": [
            (
                r"(?:corporate|company|internal|private|own|self[- ]signed|office) .{0,12}(?:ca|proxy|root|network|cert\w*)|ca bundle|mitm|intermediate|корпоратив\w*|самоподпис\w*",
                2.5,
            )
        ],
        "tls-plain-http-mismatch": [
            (
                r"(?:http|https) (?:instead of|to|port|on) .{0,12}(?:https?|tls|port)|changed the url to https|https на http",
                2.0,
            )
        ],
        "tls-protocol-too-old": [
            (r"old (?:\w+ )?(?:gateway|server|device|appliance) .{0,60}(?:base image|openssl|upgrade|new image)", 2.0),
            (r"tls ?1\.[01]|old (?:\w+ )?(?:gateway|server|bank)|cipher|openssl 3|seclevel|base image", 2.0),
        ],
        "proxy-misconfigured": [(r"https?_proxy|no_proxy|prox(?:y|ies)\b|squid|прокси", 2.5)],
        "ipv6-localhost-preferred": [
            (
                r"(?:works?|ok|fine) with 127\.0\.0\.1|not (?:with|via|through) localhost|localhost .{0,20}(?:fail|refus|not)\w*",
                2.5,
            ),
            (r"ipv6|::1|AAAA", 3.5),
            (r"127\.0\.0\.1 .{0,15}(?:works?|ok|работает)|(?:with|using|via|through|через) localhost", 3.0),
        ],
        "idle-connection-dropped-by-middlebox": [
            (
                r"closes? (?:the )?idle connections?|first (?:call|request) (?:to the \w+ )?(?:after|following) (?:a |the )?(?:pause|idle|quiet|break|lunch|night)|после простоя",
                4.5,
            ),
            (
                r"(?:nat|load balancer|firewall|nlb|haproxy) .{0,30}idle|idle .{0,30}(?:timeout|minutes) .{0,20}(?:nat|balancer|firewall|nlb|haproxy)|keep-?alives?|after (?:\d+|ten|five|fifteen) (?:min\w*|idle)",
                2.5,
            ),
        ],
        "keep-alive-race-with-balancer": [
            (
                r"keep-?alive timeout|--timeout-keep-alive|--keep-alive|(?:balancer|alb|nginx|ingress) .{0,20}keep-?alive",
                4.0,
            )
        ],
        "conntrack-table-full": [
            (
                r"(?:timeouts?|fail\w*|errors?) (?:of|to|for) everything from (?:one|a single|this|that) (?:host|node|machine)|random connect timeouts",
                4.0,
            ),
            (r"from one host|peak", 0.5),
        ],
    }
)
