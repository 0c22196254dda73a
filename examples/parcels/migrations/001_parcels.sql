-- Customers, depots, tariffs, and the parcels themselves.
CREATE TABLE customers (
    id serial PRIMARY KEY,
    name varchar(200) NOT NULL,
    email varchar(200) NOT NULL UNIQUE,
    password_hash char(64) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE depots (
    id serial PRIMARY KEY,
    code char(4) NOT NULL UNIQUE,
    city varchar(100) NOT NULL
);

CREATE TABLE tariffs (
    id serial PRIMARY KEY,
    name varchar(50) NOT NULL,
    max_weight_grams integer NOT NULL,
    price_cents integer NOT NULL
);

CREATE TABLE parcels (
    id serial PRIMARY KEY,
    tracking_code varchar(20) NOT NULL UNIQUE,
    customer_id integer NOT NULL REFERENCES customers,
    depot_id integer NOT NULL REFERENCES depots,
    status varchar(20) NOT NULL,
    recipient varchar(200) NOT NULL,
    address varchar(300) NOT NULL,
    latitude double precision,
    longitude double precision,
    weight_grams integer NOT NULL,
    instructions text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX parcels_customer_id_idx ON parcels (customer_id, id);
CREATE INDEX parcels_waiting_idx ON parcels (depot_id) WHERE status = 'waiting';
