"""Exports in moto over https, and whom a server trusts."""
import os
import subprocess
import tempfile

from tests.support.server import KILN
from tests.support.services import BUCKET, MotoTls
from tests.support.store_cases import StoreCase, store_cases

SinkContract, ExportToStore = store_cases(MotoTls)


class TrustTest(StoreCase):
    store_class = MotoTls

    def test_issue_a_store_that_nobody_vouches_for_is_refused(self):
        environment = self.store.environment()
        del environment["AWS_CA_BUNDLE"]
        with tempfile.TemporaryDirectory() as state:
            done = subprocess.run(
                [KILN, "serve", "--port", "0", "--state-dir", state, "--export-sink", f"s3://{BUCKET}"],
                capture_output=True, text=True, timeout=30, check=False,
                env={**os.environ, **environment})
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("certificate", done.stderr)


del StoreCase  # has no tests of its own
