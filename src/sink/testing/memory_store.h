// An object store in memory that does what a real one does, for an S3 sink without a network.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "sink/testing/scripted_store.h"

namespace kiln::sink::testing {

/// Give handle() to ScriptedStore::otherwise. Lists come in pages of a few. Thread-safe.
class MemoryStore {
 public:
  ScriptedStore::Answer handle(const SeenRequest& request);

  /// Keys of objects and of unfinished uploads.
  std::vector<std::string> keys();

 private:
  struct Target {
    std::string key;
    std::map<std::string, std::string> query;
  };
  struct Upload {
    std::string key;
    std::map<int, std::string> parts;
  };

  static Target target_of(const SeenRequest& request);
  net::ClientResponse on_object(const SeenRequest& request, const Target& target);
  net::ClientResponse on_upload(const SeenRequest& request, const Target& target);
  net::ClientResponse on_bucket(const SeenRequest& request, const Target& target);
  net::ClientResponse read(const SeenRequest& request, const std::string& bytes) const;
  net::ClientResponse list(const Target& target) const;
  net::ClientResponse list_uploads(const Target& target) const;
  net::ClientResponse remove(const SeenRequest& request);

  std::mutex mutex_;
  std::map<std::string, std::string> objects_;
  std::map<std::string, Upload> uploads_;  ///< by id
  int last_id_ = 0;
};

}  // namespace kiln::sink::testing
