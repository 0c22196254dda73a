-- The carrier's number of a parcel, and what the carrier tells us by webhook.
ALTER TABLE parcels ADD COLUMN shipment_id varchar(40);

CREATE TABLE carrier_events (
    id bigserial PRIMARY KEY,
    event_id varchar(60) NOT NULL UNIQUE,
    parcel_id integer NOT NULL REFERENCES parcels,
    kind varchar(20) NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX carrier_events_parcel_id_idx ON carrier_events (parcel_id);
