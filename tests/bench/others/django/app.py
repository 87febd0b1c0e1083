"""djangorestframework-api-key guards a view that answers a small object; gunicorn serves it.

DATABASE is a file. `python app.py KEYS` makes the tables and so many keys, and writes the keys to standard output, one a line.
"""

import os
import sys

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="0123456789abcdef0123456789abcdef",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "rest_framework_api_key"],
    # Only what writes the length of the answer.
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"], "CONN_MAX_AGE": None},
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework.renderers import JSONRenderer  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402
from rest_framework_api_key.permissions import HasAPIKey  # noqa: E402


class Guarded(APIView):
    authentication_classes = []
    permission_classes = [HasAPIKey]
    renderer_classes = [JSONRenderer]

    def get(self, request):
        return Response({"valid": True})


urlpatterns = [path("guarded", Guarded.as_view())]
application = get_wsgi_application()

if __name__ == "__main__":
    from django.core.management import call_command
    from rest_framework_api_key.models import APIKey

    call_command("migrate", verbosity=0)
    for number in range(int(sys.argv[1])):
        print(APIKey.objects.create_key(name=f"service {number}")[1])
