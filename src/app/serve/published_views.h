// The views and Libraries that a server publishes, from its options, and again on SIGHUP.
#pragma once

#include "app/serve/serve_options.h"
#include "base/log.h"
#include "plan/published_artefacts.h"

namespace kiln::app {

/// Used by one thread; the published set by all.
class PublishedViews {
 public:
  /// What cannot be read, or stands twice, is an error. `options` must outlive the object.
  static base::Result<std::unique_ptr<PublishedViews>> load(const ServeOptions& options);

  const plan::PublishedArtefacts& artefacts() const { return published_; }
  /// How many views there are, and which of them do not compile: they are published all the same.
  void log_state(base::Logger& log) const;
  /// Reads everything anew. A set that cannot be read, or in which a view is broken that is not
  /// broken now, is refused, with a line in the log, and the old one stays.
  void reload(base::Logger& log);

 private:
  PublishedViews(const ServeOptions& options, std::shared_ptr<base::Patience> patience,
                 plan::ArtefactsPtr artefacts);

  const ServeOptions& options_;
  const std::shared_ptr<base::Patience> patience_;  ///< with which files are read
  plan::ViewsCheck check_;
  plan::PublishedArtefacts published_;
};

}  // namespace kiln::app
