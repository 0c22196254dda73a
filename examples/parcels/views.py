"""The HTTP interface."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, current_app, jsonify, request

from .errors import BadInput
from .parcels import Parcels

api = Blueprint("api", __name__)


@api.get("/health")
def health() -> Any:
    return jsonify(status="ok")


@api.post("/login")
def login() -> Any:
    body = _body("email", "password")
    return jsonify(token=current_app.extensions["tokens"].login(body["email"], body["password"]))


@api.get("/me/parcels")
def my_parcels() -> Any:
    customer_id = current_app.extensions["tokens"].customer_of(request.headers.get("authorization", ""))
    return jsonify(_parcels().of_customer(customer_id))


@api.get("/depots")
def list_depots() -> Any:
    return jsonify(_parcels().depots())


@api.get("/depots/<int:depot_id>/board")
def show_board(depot_id: int) -> Any:
    return jsonify(_parcels().board(depot_id))


@api.get("/parcels/<code>")
def track_parcel(code: str) -> Any:
    parcel = _parcels().parcel(code)
    return jsonify(_shown(parcel))


@api.get("/parcels/<code>/scans")
def list_scans(code: str) -> Any:
    return jsonify(_parcels().scans(code))


@api.get("/parcels/<code>/live")
def follow_parcel(code: str) -> Any:
    return jsonify(_parcels().live(code))


@api.post("/parcels")
def create_parcel() -> Any:
    body = _body("customer_id", "depot_id", "recipient", "address", "weight_grams")
    return jsonify(_shown(_parcels().create(body))), 201


@api.post("/parcels/<code>/scans")
def scan_parcel(code: str) -> Any:
    body = _body("depot_id", "kind")
    return jsonify(_parcels().scan(code, body["depot_id"], body["kind"])), 201


@api.post("/parcels/transfer")
def transfer() -> Any:
    body = _body("codes", "depot_id")
    _parcels().transfer(body["codes"], body["depot_id"])
    return jsonify(status="moved")


@api.post("/parcels/<code>/delivery")
def deliver(code: str) -> Any:
    """The body is the photo of the parcel in front of the door."""
    signed_by = request.args.get("signed_by", "")
    return jsonify(_parcels().deliver(code, signed_by, request.get_data())), 201


@api.get("/quote")
def quote() -> Any:
    try:
        weight = int(request.args["weight_grams"])
    except (KeyError, ValueError) as error:
        raise BadInput(f"weight_grams: {error}") from error
    return jsonify(_parcels().quote(weight, request.args.get("from", ""), request.args.get("to", "")))


@api.post("/webhooks/carrier")
def carrier_webhook() -> Any:
    carrier = current_app.extensions["carrier"]
    carrier.check_signature(request.get_data(), request.headers.get("x-carrier-signature", ""))
    body = _body("event_id", "reference", "kind")
    return jsonify(stored=_parcels().carrier_event(body["event_id"], body["reference"], body["kind"]))


@api.get("/statistics")
def statistics() -> Any:
    day = request.args.get("day")
    return jsonify(_parcels().statistics(date.fromisoformat(day) if day else date.today()))


def _parcels() -> Parcels:
    service: Parcels = current_app.extensions["parcels"]
    return service


def _body(*needed: str) -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadInput("the body is no JSON object")
    missing = [name for name in needed if name not in body]
    if missing:
        raise BadInput(f"missing: {', '.join(missing)}")
    return body


def _shown(parcel: dict[str, Any]) -> dict[str, Any]:
    return {
        "tracking_code": parcel["tracking_code"],
        "status": parcel["status"],
        "recipient": parcel["recipient"],
        "address": parcel["address"],
        "weight_grams": parcel["weight_grams"],
        "instructions": parcel["instructions"],
        "depot": parcel["depot"],
        "updated_at": parcel["updated_at"].isoformat(),
    }
