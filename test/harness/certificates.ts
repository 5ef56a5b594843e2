import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate of 127.0.0.1 that vouches for itself, as PEM files. A client trusts it by naming `cert` as its CA. */
export interface Certificate {
  cert: string;
  key: string;
}

/** Makes a certificate for a server or a client on loopback. */
export function makeCertificate(name = "127.0.0.1"): Certificate {
  const folder = mkdtempSync(join(tmpdir(), "tripgrid-cert-"));
  const files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  const about = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...about, "-keyout", files.key, "-out", files.cert], {
    stdio: "ignore",
  });
  return files;
}
