# Tripgrid as an image. Without DATABASE_URL it runs the embedded engine, whose data is in /data: mount a volume there.

FROM node:20.20.2-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No package needs its install script: binaries come ready in packages of their own.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY build.mjs ./
COPY client ./client
COPY web ./web
COPY src ./src
COPY db ./db
RUN node build.mjs && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 TRIPGRID_DATA_DIR=/data TRIPGRID_FIRST_KEY_FILE=/data/first-key
WORKDIR /app
RUN install --directory --owner=node --group=node /data
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY geo ./geo
COPY db ./db
COPY --from=dependencies /app/dist ./dist
USER node
EXPOSE 8080
# A start takes a few seconds, on a busy machine longer.
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=6 \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-old-space-size=512", "--max-semi-space-size=64", "dist/main.js"]
