"""Prints keys with the hashes that djangorestframework-api-key's own code makes of them. To repeat:
pip install djangorestframework-api-key==3.1.0 Django==5.2.19 djangorestframework==3.18.3 && python drf.py > drf.jsonl
"""

import json

from django.conf import settings

settings.configure()

from rest_framework_api_key.crypto import KeyGenerator  # noqa: E402  (needs the settings)

generator = KeyGenerator()
for _ in range(4):
    text, prefix, hashed = generator.generate()
    assert generator.verify(text, hashed)
    print(json.dumps({"format": "drf", "text": text, "prefix": prefix, "hash": hashed}))
