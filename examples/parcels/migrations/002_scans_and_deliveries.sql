CREATE TABLE scans (
    id bigserial PRIMARY KEY,
    parcel_id integer NOT NULL REFERENCES parcels,
    depot_id integer NOT NULL REFERENCES depots,
    kind varchar(20) NOT NULL,
    note varchar(200),
    scanned_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX scans_parcel_id_scanned_at_idx ON scans (parcel_id, scanned_at);
CREATE INDEX scans_scanned_at_idx ON scans (scanned_at);

CREATE TABLE deliveries (
    id serial PRIMARY KEY,
    parcel_id integer NOT NULL REFERENCES parcels,
    delivered_at timestamptz NOT NULL DEFAULT now(),
    signed_by varchar(100) NOT NULL,
    photo varchar(200) NOT NULL,
    photo_bytes integer NOT NULL
);
CREATE INDEX deliveries_parcel_id_idx ON deliveries (parcel_id);

CREATE TABLE audit (
    id bigserial PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    action varchar(40) NOT NULL,
    tracking_code varchar(20) NOT NULL
);
