<#import "template.ftl" as layout>
<#import "buttons.ftl" as buttons>
<#import "password-commons.ftl" as passwordCommons>
<#-- As keycloak.v2's, less what tells a screen reader the same three times; the date in the file is in her language. -->
<@layout.registrationLayout; section>
    <#if section = "header">
        ${msg("recovery-code-config-header")}
    <#elseif section = "form">
        <p><strong>${msg("recovery-code-config-warning-title")}</strong></p>
        <p>${msg("recovery-code-config-warning-message")}</p>
        <ol id="kc-recovery-codes-list" class="${properties.kcListClass!}">
            <#list recoveryAuthnCodesConfigBean.generatedRecoveryAuthnCodesList as code>
            <li>${code[0..3]}-${code[4..7]}-${code[8..]}</li>
            </#list>
        </ol>
        <div class="${properties.kcRecoveryCodesActions!}">
            <button id="printRecoveryCodes" class="plain" type="button">${msg("recovery-codes-print")}</button>
            <button id="downloadRecoveryCodes" class="plain" type="button">${msg("recovery-codes-download")}</button>
            <button id="copyRecoveryCodes" class="plain" type="button">${msg("recovery-codes-copy")}</button>
            <span id="copied" role="status"></span>
        </div>
        <form action="${url.loginAction}" class="${properties.kcFormClass!}" id="kc-recovery-codes-settings-form" method="post">
            <input type="hidden" name="generatedRecoveryAuthnCodes" value="${recoveryAuthnCodesConfigBean.generatedRecoveryAuthnCodesAsString}">
            <input type="hidden" name="generatedAt" value="${recoveryAuthnCodesConfigBean.generatedAt?c}">
            <input type="hidden" id="userLabel" name="userLabel" value="${msg("recovery-codes-label-default")}">
            <div class="${properties.kcCheckboxClass}">
                <input type="checkbox" id="kcRecoveryCodesConfirmationCheck" required>
                <label for="kcRecoveryCodesConfirmationCheck">${msg("recovery-codes-confirmation-message")}</label>
            </div>
            <@passwordCommons.logoutOtherSessions/>
            <@buttons.actionGroup>
                <@buttons.button id="saveRecoveryAuthnCodesBtn" label="recovery-codes-action-complete" />
                <#if isAppInitiatedAction??>
                <@buttons.button id="cancelRecoveryAuthnCodesBtn" name="cancel-aia" label="recovery-codes-action-cancel" type="secondary" value="true" formnovalidate="formnovalidate" />
                </#if>
            </@buttons.actionGroup>
        </form>
        <script type="module">
            <#outputformat "JavaScript">
            const codes = [...document.querySelectorAll('#kc-recovery-codes-list li')].map((li, at) => (at + 1) + ': ' + li.innerText);
            const made = ${msg("recovery-codes-download-file-date")?c} + ' ' + new Date().toLocaleDateString(document.documentElement.lang, { dateStyle: 'long' });
            const text = [${msg("recovery-codes-download-file-header")?c}, codes.join('\r\n'), ${msg("recovery-codes-download-file-description")?c}, made].join('\r\n\r\n');
            const on = (id, work) => document.getElementById(id).addEventListener('click', work);
            on('printRecoveryCodes', () => print());
            on('copyRecoveryCodes', async () => {
                await navigator.clipboard.writeText(text);
                document.getElementById('copied').textContent = ${msg("recovery-codes-copied")?c};
            });
            on('downloadRecoveryCodes', () => {
                const link = document.createElement('a');
                link.href = 'data:text/plain;charset=utf-8,' + encodeURIComponent(text);
                link.download = 'recovery-codes.txt';
                link.click();
            });
            </#outputformat>
        </script>
    </#if>
</@layout.registrationLayout>
