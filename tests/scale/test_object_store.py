"""A catalogue in an object store and in Qdrant, around a stream that needs no cluster: a real S3 server answers."""

import io
import tarfile
from contextlib import closing

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from yofo_rerank.errors import DocumentError, RetrievalError
from yofo_rerank.scale import FaissShards, QdrantCollection, judge_catalogue, open_shards
from yofo_rerank.scale.actors import decode
from yofo_rerank.scale.partitions import partitions_of

TEXTS = ["is red", "is dark"]
SOURCE, OUT = "s3://shop/photos", "s3://shop/answers"


@pytest.fixture(scope="module")
def bucket():
    """Six pictures, one of which is none, in a bucket of an S3 server on this machine."""
    boto3, moto = pytest.importorskip("boto3"), pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "secret"), ("DEFAULT_REGION", "us-east-1")):
            patch.setenv(f"AWS_{name}", value)
        patch.setenv("AWS_ENDPOINT_URL", url)
        client = boto3.client("s3", endpoint_url=url)
        client.create_bucket(Bucket="shop")
        for place in range(6):
            file = io.BytesIO()
            Image.new("RGB", (40, 32), (40 * place, 0, 0)).save(file, "PNG")
            client.put_object(Bucket="shop", Key=f"photos/{place}.png", Body=b"bad" if place == 3 else file.getvalue())
        yield client
    server.stop()


class Down:
    """An output that goes down at the second partition."""

    def __init__(self, output):
        self.output, self.calls = output, 0

    def __repr__(self):
        return repr(self.output)

    def write(self, folder, partition, rows, requirements):
        self.calls += 1
        if self.calls == 2:
            raise RetrievalError("not now", code="unreachable")
        self.output.write(folder, partition, rows, requirements)


def keys(bucket):
    found = bucket.list_objects_v2(Bucket="shop", Prefix="answers").get("Contents", ())
    return sorted(one["Key"].removeprefix("answers/") for one in found if not one["Key"].endswith("/"))


def test_pictures_come_from_a_bucket_and_answers_and_shards_go_there(bucket, no_cluster):
    first = judge_catalogue(SOURCE, None, TEXTS, OUT, encoder="e", outputs=[FaissShards()], size=4)
    assert (first.written, first.judged, first.failed) == (2, 5, 1)
    one, two = (partition.name for partition in partitions_of(SOURCE, 4))
    files = [f"{folder}{name}.{kind}" for folder, kind in (("", "parquet"), ("faiss/", "faiss")) for name in (one, two)]
    assert set(files) < set(keys(bucket))
    assert open_shards(OUT).ids == ("0.png", "1.png", "2.png", "4.png", "5.png")
    assert open_shards(OUT).search(np.array([[1, 0, 0.5]], np.float32), 1)[0][0][0] == "5.png"

    again = judge_catalogue(SOURCE, None, TEXTS, OUT, encoder="e", outputs=[FaissShards()], size=4)
    assert (again.written, again.found) == (0, 2)
    bucket.delete_object(Bucket="shop", Key=f"answers/{two}.parquet")
    third = judge_catalogue(SOURCE, None, TEXTS, OUT, encoder="e", outputs=[FaissShards()], size=4)
    assert (third.written, third.found) == (1, 1)
    assert no_cluster == [one, two, two]


def test_a_bucket_that_is_not_there_is_one_error(bucket):
    with pytest.raises(DocumentError, match="is not there"):
        partitions_of("s3://shop/none")


def test_a_qdrant_that_goes_down_is_filled_by_the_next_run(bucket, no_cluster, tmp_path):
    collection = QdrantCollection("shop", str(tmp_path / "qdrant"))
    told = {"encoder": "e", "size": 2}
    with pytest.raises(RetrievalError, match="not now"):
        judge_catalogue(SOURCE, None, TEXTS, tmp_path / "out", outputs=[Down(collection)], **told)
    assert points(collection) == {"0.png", "1.png"}
    report = judge_catalogue(SOURCE, None, TEXTS, tmp_path / "out", outputs=[collection], **told)
    assert (report.found, report.written) == (1, 2)  # what failed was not taken for written
    assert points(collection) == {"0.png", "1.png", "2.png", "4.png", "5.png"}


def points(collection):
    with closing(collection.client()) as client:
        return {point.payload["document"] for point in client.scroll("shop", limit=100)[0]}


def png(red):
    file = io.BytesIO()
    Image.new("RGB", (40, 32), (red, 0, 0)).save(file, "PNG")
    return file.getvalue()


def tar_of(files):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return file.getvalue()


def table_of(images, **columns):
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table({"image": images, **columns}), sink)
    return sink.getvalue().to_pybytes()


def test_what_an_address_says_beside_the_path_holds_for_the_files_below_it(bucket, no_cluster, monkeypatch):
    host = bucket.meta.endpoint_url.removeprefix("http://")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # where nobody answers
    options = f"?endpoint_override={host}&scheme=http&region=us-east-1"
    bucket.put_object(Bucket="shop", Key="shards/50% off.tar", Body=tar_of({"1.png": png(7)}))
    bucket.put_object(Bucket="shop", Key="tables/a shop.parquet", Body=table_of([png(8)]))
    for folder, document in (("shards", "1"), ("tables", "a shop.parquet:0:0"), ("photos", "0.png")):
        (table, *_) = decode({"partition": partitions_of(f"s3://shop/{folder}/{options}")})
        row = table.to_pylist()[0]
        assert (row["document"], row["code"]) == (document, None)
    assert row["pixels"][0][0] == 0

    out = f"s3://shop/optional{options}"
    report = judge_catalogue(f"s3://shop/shards{options}", None, TEXTS, out, encoder="e", outputs=[FaissShards()])
    assert report.judged == 1
    assert open_shards(out).ids == ("1",)
    again = judge_catalogue(f"s3://shop/shards{options}", None, TEXTS, out, encoder="e", outputs=[FaissShards()])
    assert (again.written, again.found) == (0, 1)
