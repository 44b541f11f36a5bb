#include "sink/s3/s3_sink.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>
#include <utility>

#include "sink/s3/s3_bucket.h"
#include "sink/s3/s3_streams.h"

namespace kiln::sink {
namespace {

using base::Error;
using base::ErrorCode;

constexpr uint32_t kLongestPresigned = 7 * 24 * 3600;

class S3Sink final : public ExportSink {
 public:
  S3Sink(S3Options options, std::string place, const std::string& instance, S3Seams seams)
      : bucket_(std::move(options), std::move(seams)),
        place_(std::move(place)),
        root_(place_ + instance + "/") {}

  std::string_view kind() const override { return "s3"; }
  bool durable() const override { return true; }
  /// The parts on their way, and the one in hand.
  uint64_t writer_memory() const override {
    return uint64_t{bucket_.options().part_size} * (bucket_.options().parallel_parts + 1);
  }

  /// That what can be asked may be asked; a store that is down may come back.
  base::Status probe() const {
    base::Status status = bucket_.probe(root_);
    if (status.ok() || status.error().code() == ErrorCode::kUnavailable) return {};
    return std::move(status).error().in("bucket " + bucket_.options().bucket);
  }

  base::Result<std::unique_ptr<ObjectWriter>> create(const ObjectKey& key,
                                                     std::stop_token stop) override {
    KILN_ASSIGN(std::string path, path_of(key));
    const auto there = bucket_.head(path, stop);
    if (there.ok()) {
      return Error(ErrorCode::kConflict, "an exported file of that name exists: " + key.name);
    }
    if (there.error().code() != ErrorCode::kNotFound) return there.error().clone();
    return std::unique_ptr<ObjectWriter>(new S3Writer(bucket_, std::move(path), std::move(stop)));
  }

  base::Result<std::unique_ptr<net::BodySource>> open(const ObjectKey& key, uint64_t offset,
                                                      uint64_t length) override {
    KILN_ASSIGN(std::string path, path_of(key));
    return std::unique_ptr<net::BodySource>(new S3Source(bucket_, std::move(path), offset, length));
  }

  std::optional<std::string> presign(const ObjectKey& key, uint32_t seconds,
                                     std::string_view content_type,
                                     std::string_view file_name) override {
    const auto path = path_of(key);
    if (!bucket_.options().presign || !path.ok() || seconds == 0) return std::nullopt;
    QueryFields query;
    if (!content_type.empty()) query.emplace_back("response-content-type", content_type);
    // A name with more than that could say more than a name.
    if (is_safe_name(file_name)) {
      query.emplace_back("response-content-disposition",
                         "attachment; filename=\"" + std::string(file_name) + "\"");
    }
    return bucket_.client().presigned_url(*path, query, std::min(seconds, kLongestPresigned));
  }

  base::Status remove_job(std::string_view job, std::stop_token stop) override {
    return remove(
        job, [](uint32_t) { return true; }, stop);
  }
  base::Status remove_attempts_before(std::string_view job, uint32_t attempt,
                                      std::stop_token stop) override {
    return remove(
        job, [attempt](uint32_t one) { return one < attempt; }, stop);
  }

  base::Result<std::vector<std::string>> list_jobs(std::stop_token stop) override {
    std::set<std::string> jobs;
    const auto note = [&](std::string_view key) {
      if (!key.starts_with(root_)) return;  // not every store minds the prefix
      key.remove_prefix(root_.size());
      const std::string_view job = key.substr(0, key.find('/'));
      if (is_safe_name(job) && job.size() < key.size()) jobs.emplace(job);
    };
    const auto note_page = [&](const ObjectPage& page) -> base::Status {
      for (const std::string& prefix : page.prefixes) note(prefix);
      return {};
    };
    KILN_TRY(bucket_.for_each_page(root_, "/", note_page, stop));
    KILN_ASSIGN(const auto uploads, bucket_.unfinished_uploads(root_, stop));
    for (const UnfinishedUpload& upload : uploads) note(upload.key);
    return std::vector<std::string>(jobs.begin(), jobs.end());
  }

  base::Result<std::string> lease(std::stop_token stop) override {
    auto text = bucket_.get_small(root_ + kLease, std::move(stop));
    if (!text.ok() && text.error().code() == ErrorCode::kNotFound) return std::string();
    return text;
  }
  base::Status put_lease(std::string_view text, std::stop_token stop) override {
    if (!is_safe_name(text)) return Error(ErrorCode::kInternal, "not a name for a lease");
    return bucket_.put(root_ + kLease, text, std::move(stop));
  }

  base::Result<std::vector<std::string>> other_instances(std::stop_token stop) override {
    std::set<std::string> names;
    const auto note_page = [&](const ObjectPage& page) -> base::Status {
      for (std::string_view prefix : page.prefixes) {
        if (!prefix.starts_with(place_) || prefix == root_) continue;
        prefix.remove_prefix(place_.size());
        prefix = prefix.substr(0, prefix.find('/'));
        if (is_safe_name(prefix)) names.emplace(prefix);
      }
      return {};
    };
    KILN_TRY(bucket_.for_each_page(place_, "/", note_page, stop));
    return std::vector<std::string>(names.begin(), names.end());
  }

 private:
  static constexpr const char* kLease = ".lease";  // no job's name

  base::Result<std::string> path_of(const ObjectKey& key) const {
    if (!is_safe_name(key.job) || !is_safe_name(key.name)) {
      return Error(ErrorCode::kInternal, "not a name for an exported file");
    }
    return root_ + key.job + "/" + std::to_string(key.attempt) + "/" + key.name;
  }

  /// Removes the files of the attempts that `wanted` wants. What lies in the job's folder and
  /// belongs to no attempt stays.
  base::Status remove(std::string_view job, const std::function<bool(uint32_t)>& wanted,
                      const std::stop_token& stop) const {
    if (!is_safe_name(job)) return Error(ErrorCode::kInternal, "not a job's name");
    const std::string folder = root_ + std::string(job) + "/";
    const auto is_wanted = [&](const std::string& key) {
      // Not every store minds the prefix.
      if (!key.starts_with(folder)) return false;
      uint32_t attempt = 0;
      const char* const begin = key.data() + folder.size();
      const auto [end, error] = std::from_chars(begin, key.data() + key.size(), attempt);
      return error == std::errc() && *end == '/' && wanted(attempt);
    };
    // Uploads first: one that is completed meanwhile is among the objects then.
    KILN_ASSIGN(const auto uploads, bucket_.unfinished_uploads(folder, stop));
    for (const UnfinishedUpload& upload : uploads) {
      if (is_wanted(upload.key)) KILN_TRY(bucket_.abort_upload(upload.key, upload.id, stop));
    }
    return bucket_.for_each_page(
        folder, "",
        [&](ObjectPage page) { return remove_keys(std::move(page.keys), is_wanted, stop); }, stop);
  }

  base::Status remove_keys(std::vector<std::string> keys,
                           const std::function<bool(const std::string&)>& is_wanted,
                           const std::stop_token& stop) const {
    std::erase_if(keys, [&](const std::string& key) { return !is_wanted(key); });
    for (size_t at = 0; at < keys.size(); at += S3Bucket::kKeysOfARemoval) {
      const size_t end = std::min(at + S3Bucket::kKeysOfARemoval, keys.size());
      KILN_TRY(bucket_.remove(
          {keys.begin() + static_cast<ptrdiff_t>(at), keys.begin() + static_cast<ptrdiff_t>(end)},
          stop));
    }
    return {};
  }

  const S3Bucket bucket_;
  const std::string place_;  ///< of all instances: empty, or with a slash at the end
  const std::string root_;   ///< with a slash at the end
};

}  // namespace

base::Result<std::unique_ptr<ExportSink>> open_s3_sink(const S3Options& options,
                                                       const std::string& instance, S3Seams seams) {
  KILN_TRY(check_s3_options(options));
  if (!is_safe_name(instance)) {
    return Error(ErrorCode::kUsage, "not a name for an instance: " + instance);
  }
  auto sink = std::make_unique<S3Sink>(options, options.prefix.empty() ? "" : options.prefix + "/",
                                       instance, std::move(seams));
  KILN_TRY(sink->probe());
  return std::unique_ptr<ExportSink>(std::move(sink));
}

base::Result<std::unique_ptr<ExportSink>> open_s3_sink(const S3Options& options,
                                                       const std::string& instance,
                                                       base::Clock& clock,
                                                       base::RandomSource& random) {
  auto client = std::make_shared<net::Client>();
  return open_s3_sink(
      options, instance,
      S3Seams{[client](const net::ClientRequest& request) { return client->perform(request); },
              clock, random, wait_or_stop});
}

}  // namespace kiln::sink
