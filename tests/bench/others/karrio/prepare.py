"""Makes the database of a Karrio server: the tables, a user with a token, and a connection of the carrier `generic` with a sheet of prices.

`python prepare.py SHEET` writes the token to standard output. The environment holds Karrio's own settings, as for the server.
"""

import json
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "karrio.server.settings"
# Karrio prints notices as it starts; standard output is for the token.
out, sys.stdout = sys.stdout, sys.stderr

import django  # noqa: E402

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from karrio.server.providers import models as providers  # noqa: E402
from karrio.server.user.models import Token  # noqa: E402

with open(sys.argv[1], encoding="utf-8") as file:
    prices = json.load(file)

call_command("migrate", verbosity=0)
user = get_user_model().objects.create_superuser("owner@example.com", "correct horse battery staple 7")
token = Token.objects.create(user=user, label="bench", test_mode=False)

sheet = providers.RateSheet.objects.create(
    name="Bench",
    slug="bench",
    carrier_name="generic",
    zones=prices["zones"],
    surcharges=prices["surcharges"],
    created_by=user,
)
ids = {}
for attributes in prices["services"]:
    service = providers.ServiceLevel.objects.create(
        **attributes, weight_unit="KG", domicile=True, international=True, created_by=user
    )
    sheet.services.add(service)
    ids[service.service_code] = service.id
# Here a price names its service by id.
sheet.service_rates = [{**price, "service_id": ids[price["service_code"]]} for price in prices["service_rates"]]
sheet.save()

providers.CarrierConnection.objects.create(
    carrier_code="generic",
    carrier_id="bench",
    credentials={"display_name": "Bench", "custom_carrier_name": "bench", "account_country_code": "US"},
    capabilities=["rating", "shipping"],
    active=True,
    test_mode=False,
    created_by=user,
    rate_sheet=sheet,
)
print(token.key, file=out)
