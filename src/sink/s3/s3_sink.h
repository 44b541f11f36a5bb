// Exports in a bucket of any store that speaks S3: PREFIX/INSTANCE/JOB/ATTEMPT/NAME.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "sink/export_sink.h"
#include "sink/s3/s3_client.h"
#include "sink/s3/s3_options.h"

namespace kiln::sink {

/// The bucket must exist. Fails on options that are wrong (kUsage) and if the store refuses to list
/// the bucket (kIo); a store that cannot be reached is no failure here. `clock` and `random` must
/// outlive the sink. A writer holds up to parallel_parts + 1 parts in memory, a reader 4 MiB.
base::Result<std::unique_ptr<ExportSink>> open_s3_sink(const S3Options& options,
                                                       const std::string& instance,
                                                       base::Clock& clock,
                                                       base::RandomSource& random);

/// The same over other seams.
base::Result<std::unique_ptr<ExportSink>> open_s3_sink(const S3Options& options,
                                                       const std::string& instance, S3Seams seams);

}  // namespace kiln::sink
