"""Exports in versitygw, which looks at signatures."""
import os
import subprocess
import tempfile

from tests.support.server import KILN
from tests.support.services import BUCKET, Versitygw
from tests.support.store_cases import StoreCase, store_cases

SinkContract, ExportToStore = store_cases(Versitygw)


class KeysTest(StoreCase):
    store_class = Versitygw

    def start(self, bucket=BUCKET, **variables):
        """(exit status, stderr) of a server that does not start."""
        with tempfile.TemporaryDirectory() as state:
            done = subprocess.run(
                [KILN, "serve", "--port", "0", "--state-dir", state, "--export-sink", f"s3://{bucket}"],
                capture_output=True, text=True, timeout=30, check=False,
                env={**os.environ, **self.store.environment(), **variables})
        self.assertEqual(done.stdout, "")
        return done.returncode, done.stderr

    def test_issue_bad_keys_are_refused_at_the_start_and_not_told(self):
        status, text = self.start(AWS_SECRET_ACCESS_KEY="wrong-secret")
        self.assertEqual(status, 1)
        self.assertIn("SignatureDoesNotMatch", text)
        self.assertNotIn("wrong-secret", text)
        status, text = self.start(AWS_ACCESS_KEY_ID="nobody")
        self.assertEqual(status, 1)
        self.assertIn("refused", text)

    def test_issue_a_bucket_that_is_not_there_is_told(self):
        status, text = self.start(bucket="no-such-bucket")
        self.assertEqual(status, 1)
        self.assertIn("no-such-bucket", text)

    def test_cli_no_keys_is_a_wrong_option(self):
        status, text = self.start(AWS_SECRET_ACCESS_KEY="")
        self.assertEqual(status, 2)
        self.assertIn("AWS_SECRET_ACCESS_KEY", text)


del StoreCase  # has no tests of its own
