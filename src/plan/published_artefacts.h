// The set of artefacts that is published at the moment, and what is wrong in one.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "plan/artefacts.h"

namespace kiln::plan {

using ArtefactsPtr = std::shared_ptr<const ArtefactRegistry>;

/// Thread-safe. Whoever has taken a set keeps it, whatever is published meanwhile.
class PublishedArtefacts {
 public:
  explicit PublishedArtefacts(ArtefactsPtr first) : current_(std::move(first)) {}

  ArtefactsPtr current() const {
    base::MutexLock lock(mutex_);
    return current_;
  }
  void publish(ArtefactsPtr next) {
    base::MutexLock lock(mutex_);
    current_ = std::move(next);
  }

 private:
  mutable base::Mutex mutex_;
  ArtefactsPtr current_ KILN_GUARDED_BY(mutex_);
};

/// How many of the views and Libraries of SQL are in order, and why the others are not.
struct ViewsCheck {
  struct Broken {
    std::string id;     ///< "patients", "Library/counts"
    base::Error error;  ///< the first one
  };
  size_t views = 0;
  size_t libraries = 0;
  std::vector<Broken> broken;  ///< Libraries, then views; sorted by id

  /// "23 views", "23 views, 2 libraries, 1 broken: patients (where: what)"; a few of many.
  std::string text() const;
};

ViewsCheck check_views(const ArtefactRegistry& artefacts);

}  // namespace kiln::plan
